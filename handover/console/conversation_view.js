// The transcript and the field to write in.

import { post } from "./api.js";
import { h, icon, refill } from "./dom.js";
import { clock, dayAndClock, languageName, t } from "./i18n.js";

const TYPING_SHOWN_MS = 5000;
const TYPING_SENT_MS = 3000;
const NEAR_BOTTOM = 80; // pixels: closer than this the agent is reading the end
const MAX_LENGTH = 4000;

export class ConversationView {
  constructor(desk) {
    this.desk = desk;
    this.drafts = new Map(); // handover id → what is being written
    this.pending = new Map(); // handover id → messages not confirmed yet
  }

  element() {
    this.head = h("div", { class: "talk-head" });
    this.log = h("div", { class: "log", role: "log", "aria-label": t("conversation.log"), tabindex: "0" });
    this.jump = h("button", { class: "jump small", type: "button", hidden: true, onclick: () => this.toBottom() }, t("conversation.jump"));
    this.typing = h("p", { class: "typing", "aria-live": "polite" });
    this.foot = h("div", { class: "talk-foot" });
    this.shown = { id: null, foot: null };
    this.log.addEventListener("scroll", () => {
      this.atBottom = this.nearBottom();
      if (this.atBottom) this.jump.hidden = true;
    });
    // A growing field to write in must not push the last message out of sight.
    new ResizeObserver(() => { if (this.atBottom) this.log.scrollTop = this.log.scrollHeight; }).observe(this.log);
    return h("section", { class: "talk", "aria-label": t("desk") }, this.head, h("div", { class: "log-slot" }, this.log, this.jump), this.typing, this.foot);
  }

  opened() {
    this.typing && (this.typing.textContent = "");
    this.jump && (this.jump.hidden = true);
  }

  draw() {
    const { context, selected } = this.desk;
    if (!this.log) return;
    if (!context) {
      refill(this.head);
      this.log.replaceChildren(selected ? h("p", { class: "nothing" }, t("conversation.load")) : this.welcome());
      this.foot.replaceChildren();
      this.shown = { id: null, foot: null };
      return;
    }
    const id = context.handover.id;
    const fresh = this.shown.id !== id;
    const stay = !fresh && !this.nearBottom();
    const last = context.messages.at(-1)?.seq ?? 0;
    const grew = !fresh && last > this.shown.last;
    refill(this.head, this.headline(context));
    const top = this.log.scrollTop;
    this.drawFoot(context);
    this.log.replaceChildren(...this.transcript(context));
    this.log.scrollTop = stay ? top : this.log.scrollHeight;
    this.atBottom = !stay;
    if (grew && stay) this.jump.hidden = false;
    if (grew) this.typing.textContent = "";
    this.shown = { ...this.shown, id, last };
  }

  welcome() {
    return h("div", { class: "nothing" }, icon("inbox"), h("h1", {}, t("conversation.none")), h("p", {}, t("conversation.none_lead")));
  }

  headline({ handover, conversation }) {
    const mine = this.desk.isMine(handover);
    const act = (kind, name, style = "") => h("button", { class: `small ${style}`, type: "button", dataset: { focus: `act ${kind}` }, onclick: () => this.desk.act(kind) }, icon(name), t(`action.${kind}`));
    return [
      h("div", { class: "talk-title" },
        h("h1", { dir: "auto" }, handover.topic || t(`reason.${handover.reason}`)),
        h("p", {}, [languageName(conversation.language), handover.department_name, dayAndClock(handover.queued_at)].join(" · "))),
      mine && h("div", { class: "actions" }, act("transfer", "pass"), act("return", "back"), act("close", "check", "strong")),
    ];
  }

  transcript(context) {
    const { messages, handover } = context;
    const queued = handover.consent === "with_text" ? context.preview.messages.length : 0;
    const rows = [];
    if (handover.consent === "without_text") rows.push(h("p", { class: "divider private" }, icon("lock"), t("conversation.without_text")));
    messages.forEach((message, index) => {
      if (index === queued && queued > 0) rows.push(h("p", { class: "divider" }, t("conversation.joined_here")));
      rows.push(this.message(message));
    });
    for (const waiting of this.pending.get(handover.id) ?? []) rows.push(this.unsent(waiting, handover.id));
    return rows;
  }

  message(message) {
    const own = message.author === "agent" && message.agent_name === this.desk.me.name;
    const who = message.author === "agent" ? (own ? t("author.you") : message.agent_name) : t(`author.${message.author}`);
    const sign = { citizen: "person", bot: "bot", agent: "agent" }[message.author];
    return h("article", { class: `message ${message.author}`, dataset: { seq: String(message.seq) } },
      h("p", { class: "by" }, sign && icon(sign), h("strong", {}, who), h("time", { datetime: message.created_at }, clock(message.created_at))),
      h("div", { class: "bubble", lang: message.language, dir: message.dir },
        message.title && h("p", { class: "article-title" }, message.title),
        h("p", { class: "words" }, message.text),
        message.sources?.length ? h("p", { class: "more", lang: document.documentElement.lang, dir: "ltr" }, t("sources"), ": ", message.sources.map((source, n) => [n ? ", " : "", safeLink(source)])) : null,
        message.buttons?.length ? h("ul", { class: "offered", "aria-label": t("buttons.offered") }, message.buttons.map((button) => h("li", { dir: "auto" }, button.title))) : null));
  }

  unsent(waiting, handoverId) {
    return h("article", { class: `message agent ${waiting.failed ? "failed" : "pending"}` },
      h("p", { class: "by" }, h("strong", {}, t("author.you")), waiting.failed ? t("compose.failed") : t("compose.sending")),
      h("div", { class: "bubble", dir: "auto" }, h("p", { class: "words" }, waiting.text)),
      waiting.failed && h("button", { class: "small", type: "button", onclick: () => this.deliver(handoverId, waiting) }, t("compose.retry")));
  }

  drawFoot(context) {
    const { handover } = context;
    const kind = this.desk.isMine(handover) ? "write" : handover.state === "queued" ? "claim" : handover.state === "other" ? "other" : "over";
    const key = `${handover.id} ${kind} ${document.documentElement.lang}`;
    if (this.shown.foot === key) return; // the field keeps its caret while messages come in
    this.shown.foot = key;
    if (kind === "write") this.foot.replaceChildren(this.composer(context));
    else if (kind === "claim") this.foot.replaceChildren(h("div", { class: "notice" }, h("p", {}, t("conversation.reading")), h("button", { class: "primary", type: "button", onclick: () => this.desk.claim(handover.id) }, t("queue.claim"))));
    else this.foot.replaceChildren(h("div", { class: "notice" }, h("p", {}, kind === "other" || handover.state === "claimed" ? t("conversation.other", { name: handover.claimed_by?.name ?? "" }) : t("conversation.ended"))));
  }

  composer({ handover, conversation }) {
    const submit = h("button", { class: "primary", type: "submit" }, icon("send"), t("compose.send"));
    this.field = h("textarea", { rows: "2", maxlength: String(MAX_LENGTH), dir: "auto", "aria-label": t("compose.label"), "aria-describedby": "compose-hint",
      placeholder: t("compose.placeholder", { language: languageName(conversation.language, { inSentence: true }) }), value: this.drafts.get(handover.id) ?? "",
      oninput: () => { this.drafts.set(handover.id, this.field.value); this.grow(); this.tellTyping(handover.id); },
      onkeydown: (event) => {
        if (event.key !== "Enter" || event.shiftKey || event.altKey || event.isComposing) return;
        event.preventDefault();
        this.send(handover.id);
      } });
    const form = h("form", { class: "composer", onsubmit: (event) => { event.preventDefault(); this.send(handover.id); } },
      this.field, h("div", { class: "composer-foot" }, h("p", { class: "hint", id: "compose-hint" }, t("compose.hint")), submit));
    queueMicrotask(() => this.grow());
    return form;
  }

  grow() {
    if (!this.field) return;
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight + 2, 200)}px`;
  }

  focusComposer() {
    if (this.desk.isMine(this.desk.context?.handover)) this.field?.focus();
  }

  tellTyping(handoverId) {
    if (Date.now() - (this.toldTyping ?? 0) < TYPING_SENT_MS) return;
    this.toldTyping = Date.now();
    post(`/handovers/${handoverId}/typing`).catch(() => {});
  }

  send(handoverId) {
    const text = this.field.value.trim();
    if (!text) return;
    this.field.value = "";
    this.drafts.delete(handoverId);
    this.grow();
    const waiting = { id: [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join(""), text, failed: false };
    this.pending.set(handoverId, [...(this.pending.get(handoverId) ?? []), waiting]);
    this.deliver(handoverId, waiting);
  }

  /** Sends, or sends again with the same id: the server keeps one copy whatever became of the first try. */
  async deliver(handoverId, waiting) {
    waiting.failed = false;
    this.draw();
    this.toBottom();
    try {
      await post(`/handovers/${handoverId}/messages`, { client_message_id: waiting.id, text: waiting.text });
      this.pending.set(handoverId, this.pending.get(handoverId).filter((other) => other !== waiting));
      await this.desk.loadMessages();
    } catch (error) {
      waiting.failed = true;
      this.desk.report(error);
    }
    this.draw();
  }

  citizenTypes() {
    this.typing.textContent = t("conversation.typing");
    clearTimeout(this.typingEnds);
    this.typingEnds = setTimeout(() => { this.typing.textContent = ""; }, TYPING_SHOWN_MS);
  }

  nearBottom() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_BOTTOM;
  }

  toBottom() {
    this.log.scrollTop = this.log.scrollHeight;
    this.jump.hidden = true;
  }
}

/** A link to a source; anything but the web is shown as plain text. */
function safeLink({ url, title, year }) {
  const text = year ? `${title} (${year})` : title;
  return /^https:\/\//.test(url) ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, text) : text;
}
