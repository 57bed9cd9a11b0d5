// Labelled fields whose findings stand beside them.

import { freshId, h, icon } from "../dom.js";
import { findingText } from "./words.js";

export class Fields {
  constructor() {
    this.known = new Map(); // field name → {control, messages}
  }

  clear() {
    this.known.clear();
  }

  /** A field with its label, hint and the place for findings. `name` is as in the findings: `answer.sv`, `sources`. */
  add(name, label, control, { hint = null, group = false } = {}) {
    control.id ||= freshId("field");
    const messages = h("ul", { class: "findings", id: freshId("findings") });
    const hintLine = hint === null ? null : typeof hint === "string" ? h("p", { class: "hint", id: freshId("hint") }, hint) : hint;
    if (hintLine) hintLine.id ||= freshId("hint");
    const described = [hintLine?.id, messages.id].filter(Boolean).join(" ");
    const box = group
      ? h("fieldset", { class: "field", "aria-describedby": described }, h("legend", {}, label), hintLine, control, messages)
      : h("div", { class: "field" }, h("label", { for: control.id }, label), control, hintLine, messages);
    if (!group) control.setAttribute("aria-describedby", described);
    this.known.set(name, { control, messages, group });
    return box;
  }

  /** Shows each finding beside its field. */
  show(findings) {
    for (const [name, { control, messages, group }] of this.known) {
      const own = findings.filter(({ field }) => field === name || field.startsWith(`${name}.`));
      messages.replaceChildren(...own.map((finding) => h("li", { class: finding.fault ? "fault-line" : "warning-line" }, icon("alert"), h("span", {}, findingText(finding)))));
      if (!group) own.some(({ fault }) => fault) ? control.setAttribute("aria-invalid", "true") : control.removeAttribute("aria-invalid");
    }
  }

  /** Puts the focus in a field; false when it is not on the page. */
  focus(name) {
    const found = [...this.known].find(([known]) => name === known || name.startsWith(`${known}.`));
    const control = found?.[1].control;
    (control?.matches("input, textarea, select") ? control : control?.querySelector("input, textarea, select, button"))?.focus();
    return Boolean(control);
  }
}
