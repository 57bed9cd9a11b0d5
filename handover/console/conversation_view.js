// The transcript and the field to write in.

import { post } from "./api.js";
import { deliveryMark } from "./delivery_mark.js";
import { h, icon, refill, toast } from "./dom.js";
import { clock, dayAndClock, languageName, t } from "./i18n.js";
import { ACTIONS, standing } from "./lifecycle.js";
import { articleDialog, asMessage, knowledgeFault } from "./tools/articles.js";
import { cannedDialog, insert, SlashList } from "./tools/canned.js";
import { reportWrongAnswer } from "./tools/wrong_answer.js";

const TYPING_SHOWN_MS = 5000;
const TYPING_SENT_MS = 3000;
const NEAR_BOTTOM = 80; // pixels: closer than this the agent is reading the end
const MAX_LENGTH = 4000;

export class ConversationView {
  constructor(desk) {
    this.desk = desk;
    this.drafts = new Map(); // handover id → what is being written
    this.inserted = new Map(); // handover id → the article last put into it
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
    const act = (kind) => h("button", { class: `small ${ACTIONS[kind].style ?? ""}`, type: "button", dataset: { focus: `act ${kind}` }, onclick: () => this.desk.act(kind) }, icon(ACTIONS[kind].icon), t(`action.${kind}`));
    const acts = this.desk.possible();
    return [
      h("div", { class: "talk-title" },
        h("h1", { dir: "auto" }, handover.topic || t(`reason.${handover.reason}`)),
        h("p", {}, [languageName(conversation.language), handover.department_name, dayAndClock(handover.queued_at)].join(" · "))),
      acts.length > 0 && h("div", { class: "actions" }, acts.map(act)),
    ];
  }

  transcript(context) {
    const { messages, handover } = context;
    const queued = handover.consent === "with_text" ? context.preview.messages.length : 0;
    const rows = [];
    if (handover.consent === "pending") rows.push(h("p", { class: "divider private" }, icon("lock"), t("conversation.pending")));
    if (handover.consent === "without_text") rows.push(h("p", { class: "divider private" }, icon("lock"), t("conversation.without_text")));
    messages.forEach((message, index) => {
      if (index === queued && queued > 0) rows.push(h("p", { class: "divider" }, t("conversation.joined_here")));
      rows.push(this.message(message));
    });
    for (const waiting of this.pending.get(handover.id) ?? []) rows.push(this.unsent(waiting, handover.id));
    return rows;
  }

  message(message) {
    const own = message.author === "agent" && message.agent_id === this.desk.me.id;
    const who = message.author === "agent" ? (own ? t("author.you") : message.agent_name) : t(`author.${message.author}`);
    const sign = { citizen: "person", bot: "bot", agent: "agent" }[message.author];
    return h("article", { class: `message ${message.author}`, dataset: { seq: String(message.seq) } },
      h("p", { class: "by" }, sign && icon(sign), h("strong", {}, who), h("time", { datetime: message.created_at }, clock(message.created_at))),
      h("div", { class: "bubble", lang: message.language, dir: message.dir },
        message.title && h("p", { class: "article-title" }, message.title),
        h("p", { class: "words" }, message.text),
        message.sources?.length ? h("p", { class: "more", lang: document.documentElement.lang, dir: "ltr" }, t("sources"), ": ", message.sources.map((source, n) => [n ? ", " : "", safeLink(source)])) : null,
        message.buttons?.length ? h("ul", { class: "offered", "aria-label": t("buttons.offered") }, message.buttons.map((button) => h("li", { dir: "auto" }, button.title))) : null),
      deliveryMark(message),
      message.author === "bot" && message.outcome === "answered" && h("button", { class: "mark-wrong", type: "button", "aria-label": `${t("wrong.mark")} ${clock(message.created_at)}`, onclick: () => this.reportWrong(message) }, t("wrong.mark")));
  }

  reportWrong(message) {
    const { handover, messages, conversation } = this.desk.context;
    return reportWrongAnswer({ handoverId: handover.id, message, messages, language: conversation.language });
  }

  /** Signs of messages already on the page, changed in their place: the log is not read out anew. */
  marks(messages) {
    for (const message of messages) {
      const article = this.log?.querySelector(`article[data-seq="${message.seq}"]`);
      if (!article) continue;
      const [before, mark] = [article.querySelector(".delivery"), deliveryMark(message)];
      if (before && mark) before.replaceWith(mark);
      else if (mark) article.append(mark);
    }
    if (this.atBottom) this.log.scrollTop = this.log.scrollHeight; // a reason is longer than a sign
  }

  unsent(waiting, handoverId) {
    return h("article", { class: `message agent ${waiting.failed ? "failed" : "pending"}` },
      h("p", { class: "by" }, h("strong", {}, t("author.you")), waiting.failed ? t("compose.failed") : t("compose.sending")),
      h("div", { class: "bubble", dir: "auto" }, h("p", { class: "words" }, waiting.text)),
      waiting.failed && h("button", { class: "small", type: "button", onclick: () => this.deliver(handoverId, waiting) }, t("compose.retry")));
  }

  drawFoot(context) {
    const { handover } = context;
    const kind = this.desk.isMine(handover) ? "write" : ["queued", "scheduled"].includes(handover.state) ? "claim" : standing({ handover, me: this.desk.me }) ? "standing" : handover.state === "other" ? "other" : "over";
    const key = `${handover.id} ${kind} ${handover.state} ${document.documentElement.lang}`;
    if (this.shown.foot === key) return; // the field keeps its caret while messages come in
    this.shown.foot = key;
    if (kind === "write") this.foot.replaceChildren(this.composer(context));
    else if (kind === "claim") this.foot.replaceChildren(h("div", { class: "notice" }, h("p", {}, standing({ handover, me: this.desk.me }) ?? t("conversation.reading")), h("button", { class: "primary", type: "button", onclick: () => this.desk.claim(handover.id) }, t("queue.claim"))));
    else if (kind === "standing") this.foot.replaceChildren(h("div", { class: "notice" }, h("p", {}, standing({ handover, me: this.desk.me }))));
    else this.foot.replaceChildren(h("div", { class: "notice" }, h("p", {}, kind === "other" || handover.state === "claimed" ? t("conversation.other", { name: handover.claimed_by?.name ?? "" }) : t("conversation.ended"))));
  }

  composer({ handover, conversation }) {
    const submit = h("button", { class: "primary", type: "submit" }, icon("send"), t("compose.send"));
    this.field = h("textarea", { rows: "2", maxlength: String(MAX_LENGTH), dir: "auto", "aria-label": t("compose.label"), "aria-describedby": "compose-hint",
      placeholder: t("compose.placeholder", { language: languageName(conversation.language, { inSentence: true }) }), value: this.drafts.get(handover.id) ?? "",
      oninput: () => { this.drafts.set(handover.id, this.field.value); this.grow(); this.slash.typed(); this.tellTyping(handover.id); },
      onkeydown: (event) => {
        if (this.slash.keydown(event)) return;
        if (event.key !== "Enter" || event.shiftKey || event.altKey || event.isComposing) return;
        event.preventDefault();
        this.send(handover.id);
      } });
    this.slash = new SlashList(this.field, handover.id);
    const tool = (name, key, act, keys) => h("button", { class: "small", type: "button", title: keys, onclick: act }, icon(name), t(key));
    const form = h("form", { class: "composer", onsubmit: (event) => { event.preventDefault(); this.send(handover.id); } },
      this.slash.element, this.field, h("div", { class: "composer-foot" },
        h("div", { class: "actions" }, tool("reply", "tools.replies", () => this.chooseReply(), "Alt + C"), tool("search", "tools.article", () => this.findArticle(), "Alt + S")),
        h("p", { class: "hint", id: "compose-hint" }, `${t("compose.hint")}. ${t("tools.slash")}`), submit));
    queueMicrotask(() => this.grow());
    return form;
  }

  /** The agent's own conversation that is open, or null: what is inserted goes nowhere else. */
  get writing() {
    const { context } = this.desk;
    return context && this.field?.isConnected && this.desk.isMine(context.handover) ? context : null;
  }

  async chooseReply() {
    if (!this.writing) return;
    const { handover } = this.writing;
    const reply = await cannedDialog(handover.id).catch((error) => toast(knowledgeFault(error), "bad"));
    if (reply) this.put(handover.id, reply.text);
    else this.focusComposer();
  }

  async findArticle() {
    if (!this.writing) return;
    const { handover, conversation, messages } = this.writing;
    const asked = messages.filter(({ author }) => author === "citizen").at(-1)?.text ?? "";
    const article = await articleDialog({ language: conversation.language, query: asked.slice(0, 300) });
    if (article) this.putArticle(handover.id, article);
    else this.focusComposer();
  }

  putArticle(handoverId, article) {
    this.inserted.set(handoverId, article);
    this.put(handoverId, asMessage(article));
  }

  put(handoverId, text) {
    if (this.writing?.handover.id === handoverId) insert(this.field, text);
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
    // Which article it is goes with the message while its title or its first line is still there: the bot goes on from it.
    const article = this.inserted.get(handoverId);
    this.inserted.delete(handoverId);
    const kept = article && [article.title, article.answer.split("\n")[0]].some((line) => text.includes(line.trim()));
    const waiting = { id: [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join(""), text, article_id: kept ? article.article_id : null, failed: false };
    this.pending.set(handoverId, [...(this.pending.get(handoverId) ?? []), waiting]);
    this.deliver(handoverId, waiting);
  }

  /** Sends, or sends again with the same id: the server keeps one copy whatever became of the first try. */
  async deliver(handoverId, waiting) {
    waiting.failed = false;
    this.draw();
    this.toBottom();
    try {
      await post(`/handovers/${handoverId}/messages`, { client_message_id: waiting.id, text: waiting.text, article_id: waiting.article_id });
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
