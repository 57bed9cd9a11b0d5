// Questions to the agent, as native dialogs: focus stays inside, Escape cancels.

import { get } from "./api.js";
import { field, h } from "./dom.js";
import { t, tOr } from "./i18n.js";

/** Shows a form; resolves with what `collect` returns, or null when it was cancelled. */
export function ask({ title, lead, submit, style = "primary", wide = false, collect }, ...fields) {
  return new Promise((resolve) => {
    let answer = null;
    const form = h("form", { method: "dialog", onsubmit: (event) => {
      answer = collect();
      if (!answer) event.preventDefault();
    } },
    h("h2", { id: "dialog-title" }, title), lead && h("p", { class: "lead" }, lead), fields,
    h("div", { class: "dialog-foot" },
      h("button", { type: "button", onclick: () => dialog.close() }, t("cancel")),
      h("button", { class: style, type: "submit" }, submit)));
    const dialog = h("dialog", { class: wide ? "wide" : null, "aria-labelledby": "dialog-title", onclose: () => { dialog.remove(); resolve(answer); } }, form);
    document.body.append(dialog);
    dialog.showModal();
  });
}

export const select = (options) => h("select", {}, options.map(({ value, text, disabled }) => h("option", { value, disabled }, text)));

/** What the bot will know was spoken of can be taken away; where nothing was found, the note is looked up. */
export async function returnDialog({ handover }) {
  const note = h("textarea", { rows: "3", maxlength: "4000" });
  const { topics } = await get(`/handovers/${handover.id}/told`).catch(() => ({ topics: [] }));
  const boxes = topics.map(({ article_id: id }) => h("input", { type: "checkbox", value: id, checked: true }));
  const told = topics.length > 0 && h("fieldset", {}, h("legend", {}, t("return.told")),
    topics.map(({ title, how }, n) => h("p", {}, h("label", { class: "check" }, boxes[n], h("span", {}, title, " ", h("span", { class: "chip" }, t(`return.${how}`)))))));
  const collect = () => ({ note: note.value.trim() || null, ...(topics.length ? { about: boxes.filter((box) => box.checked).map((box) => box.value) } : {}) });
  return ask({ title: t("return.title"), lead: t("return.lead"), submit: t("return.submit"), collect }, told, field(t("return.note"), note, t("return.note_hint")), h("p", { class: "hint" }, t("return.two")));
}

export function closeDialog(directory) {
  const two = h("p", { class: "hint" }, t("close.two"));
  const reason = select(directory.close_reasons.map((value) => ({ value, text: tOr(`reason_close.${value}`, value) })));
  return ask({ title: t("close.title"), lead: t("close.lead"), submit: t("close.submit"), collect: () => ({ reason: reason.value }) }, field(t("close.reason"), reason), two);
}

export function transferDialog(directory, me, handover) {
  const colleagues = directory.agents.filter((agent) => agent.id !== me.id);
  const to = h("select", {},
    h("optgroup", { label: t("transfer.department") }, directory.departments.filter(({ key }) => key !== handover.department)
      .map(({ key, name }) => h("option", { value: `department ${key}` }, name[document.documentElement.lang] ?? name.sv))),
    colleagues.length > 0 && h("optgroup", { label: t("transfer.agent") },
      colleagues.map((agent) => h("option", { value: `agent ${agent.id}`, disabled: !agent.present || agent.duty !== "available" }, `${agent.name} (${t(!agent.present ? "transfer.away" : agent.duty === "available" ? "transfer.present" : `duty.${agent.duty}`)})`))));
  const note = h("textarea", { rows: "3", maxlength: "4000" });
  const collect = () => {
    const [kind, id] = to.value.split(" ");
    return { ...(kind === "agent" ? { agent_id: id } : { department: id }), note: note.value.trim() || null };
  };
  return ask({ title: t("transfer.title"), lead: t("transfer.lead"), submit: t("transfer.submit"), collect }, field(t("transfer.to"), to), field(t("transfer.note"), note, t("transfer.other_board")));
}

export function helpDialog() {
  const key = (...names) => h("td", {}, names.map((name, n) => [n ? " + " : "", h("kbd", {}, name)]));
  const rows = [
    [["Alt", "N"], "help.next"], [["Alt", "J"], "help.down"], [["Alt", "K"], "help.up"], [["Alt", "W"], "help.write"],
    [["Alt", "T"], "help.transfer"], [["Alt", "R"], "help.return"], [["Alt", "X"], "help.close"], [["Alt", "Z"], "help.snooze"], [["Alt", "P"], "help.schedule"],
    [["Alt", "B"], "help.number"], [["Alt", "A"], "help.resume"], [["Alt", "G"], "help.confirm"], [["Alt", "O"], "help.take_over"], [["Alt", "H"], "help.this"],
    [["Alt", "C"], "help.canned"], [["Alt", "S"], "help.article"], [["/"], "help.slash"],
    [["Enter"], "help.send"], [[t("key.shift"), "Enter"], "help.newline"],
  ];
  const dialog = h("dialog", { "aria-labelledby": "dialog-title", onclose: () => dialog.remove() },
    h("h2", { id: "dialog-title" }, t("help.title")),
    h("table", { class: "keys" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("help.keys")), h("th", { scope: "col" }, t("help.does")))),
      h("tbody", {}, rows.map(([names, does]) => h("tr", {}, key(...names), h("td", {}, t(does)))))),
    h("div", { class: "dialog-foot" }, h("button", { class: "primary", type: "button", onclick: () => dialog.close() }, t("close_dialog"))));
  document.body.append(dialog);
  dialog.showModal();
}
