// Canned replies: `/` in the field to write in opens a list above it; the button opens the same list with a search.

import { get } from "../api.js";
import { freshId, h, icon } from "../dom.js";
import { languageName, t } from "../i18n.js";

const kept = new Map(); // handover id → the replies, read once per opened conversation

export async function repliesFor(handoverId, { anew = false } = {}) {
  if (anew || !kept.has(handoverId)) {
    if (kept.size > 50) kept.clear();
    kept.set(handoverId, (await get(`/handovers/${handoverId}/replies`)).replies);
  }
  return kept.get(handoverId);
}

const plain = (text) => text.toLocaleLowerCase();

export function matching(replies, words) {
  const wanted = plain(words).split(/\s+/).filter(Boolean);
  const found = replies.filter((reply) => wanted.every((word) => plain(`${reply.shortcut} ${reply.title} ${reply.text} ${reply.swedish ?? ""}`).includes(word)));
  // What begins with what was typed first: the reply one knows by heart is one Enter away.
  const rank = ({ shortcut }) => (shortcut === plain(words) ? 0 : shortcut.startsWith(plain(words)) ? 1 : 2);
  return found.sort((a, b) => rank(a) - rank(b));
}

/** Puts a text where the caret is. */
export function insert(field, text, { replace = false } = {}) {
  const [from, to] = replace ? [0, field.value.length] : [field.selectionStart, field.selectionEnd];
  const before = field.value.slice(0, from);
  field.setRangeText((before && !/\s$/.test(before) ? "\n" : "") + text, from, to, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

export function replyWords(reply) {
  return [
    h("span", { class: "reply-head" }, h("kbd", {}, `/${reply.shortcut}`), h("strong", {}, reply.title),
      reply.fallback ? h("span", { class: "chip warn" }, icon("alert"), t("tools.fallback")) : h("span", { class: "chip" }, languageName(reply.language))),
    h("span", { class: "reply-text", lang: reply.language, dir: reply.dir }, reply.text),
    reply.swedish && h("span", { class: "reply-text soft", lang: "sv", dir: "ltr" }, reply.swedish),
  ];
}

/** The list above the field. `keydown` says whether it took the key. */
export class SlashList {
  constructor(field, handoverId) {
    Object.assign(this, { field, handoverId, rows: [], at: 0, open: false });
    this.list = h("ul", { class: "slash", role: "listbox", id: freshId("slash"), "aria-label": t("tools.replies"), hidden: true });
    this.said = h("p", { class: "unseen", role: "status" });
    this.element = h("div", { class: "slash-slot" }, this.list, this.said);
    field.setAttribute("aria-controls", this.list.id);
    field.setAttribute("aria-autocomplete", "list");
    field.addEventListener("blur", () => this.close());
  }

  async typed() {
    const typed = /^\/([^\s/]*)$/.exec(this.field.value)?.[1];
    if (typed === undefined) return this.close();
    let replies;
    try {
      replies = await repliesFor(this.handoverId);
    } catch {
      return this.close(); // the agent goes on writing; the button says what is wrong
    }
    if (this.field.value !== `/${typed}`) return; // typed on meanwhile
    this.rows = matching(replies, typed).slice(0, 8);
    this.at = 0;
    this.open = this.rows.length > 0;
    this.draw();
    this.said.textContent = t("tools.matches", { n: this.rows.length });
  }

  draw() {
    this.list.hidden = !this.open;
    this.list.replaceChildren(...this.rows.map((reply, n) => h("li", { role: "option", id: `${this.list.id}-${n}`, "aria-selected": String(n === this.at),
      onpointerdown: (event) => { event.preventDefault(); this.choose(n); } }, replyWords(reply))));
    if (this.open) {
      this.field.setAttribute("aria-activedescendant", `${this.list.id}-${this.at}`);
      this.list.children[this.at]?.scrollIntoView({ block: "nearest" });
    } else this.field.removeAttribute("aria-activedescendant");
  }

  keydown(event) {
    if (!this.open || event.isComposing) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      this.at = (this.at + step + this.rows.length) % this.rows.length;
      this.draw();
    } else if (event.key === "Enter" && !event.shiftKey || event.key === "Tab" && !event.shiftKey) this.choose(this.at);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    return true;
  }

  choose(n) {
    const reply = this.rows[n];
    this.close();
    insert(this.field, reply.text, { replace: true });
  }

  close() {
    this.open = false;
    this.said.textContent = "";
    this.draw();
  }
}

/** The dialog with a search; resolves with the chosen reply, or null. */
export async function cannedDialog(handoverId) {
  const replies = await repliesFor(handoverId, { anew: true });
  return new Promise((resolve) => {
    let chosen = null;
    const search = h("input", { type: "search", "aria-label": t("tools.filter"), placeholder: t("tools.filter"), autocomplete: "off" });
    const list = h("ul", { class: "choices" });
    const said = h("p", { class: "unseen", role: "status" });
    const draw = () => {
      const rows = matching(replies, search.value.replace(/^\//, ""));
      list.replaceChildren(...(rows.length ? rows.map((reply) => h("li", {}, h("button", { class: "choice", type: "button", onclick: () => { chosen = reply; dialog.close(); } }, replyWords(reply))))
        : [h("li", { class: "empty" }, t(replies.length ? "tools.none" : "tools.no_replies"))]));
      said.textContent = t("tools.matches", { n: rows.length });
    };
    search.addEventListener("input", draw);
    search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); list.querySelector("button")?.click(); }
      if (event.key === "ArrowDown") { event.preventDefault(); list.querySelector("button")?.focus(); }
    });
    list.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const buttons = [...list.querySelectorAll("button")];
      const to = buttons.indexOf(document.activeElement) + step;
      (to < 0 ? search : buttons[Math.min(to, buttons.length - 1)])?.focus();
    });
    const dialog = h("dialog", { class: "wide", "aria-labelledby": "dialog-title", onclose: () => { dialog.remove(); resolve(chosen); } },
      h("h2", { id: "dialog-title" }, t("tools.replies")), search, said, list,
      h("div", { class: "dialog-foot" }, h("button", { type: "button", onclick: () => dialog.close() }, t("cancel"))));
    document.body.append(dialog);
    draw();
    dialog.showModal();
    search.focus();
  });
}
