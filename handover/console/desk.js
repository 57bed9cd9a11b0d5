// The agent's desk: holds what is known, reads it anew when there is news, and draws the three parts.

import { get, post } from "./api.js";
import { contextView } from "./context_view.js";
import { ConversationView } from "./conversation_view.js";
import { helpDialog } from "./dialogs.js";
import { h, refill, toast } from "./dom.js";
import { header } from "./header.js";
import { t, tOr } from "./i18n.js";
import { ACTIONS, possible } from "./lifecycle.js";
import { connect } from "./live.js";
import { ask } from "./dialogs.js";
import { said } from "./tools/duty.js";
import { ring, ringFor } from "./tools/notify.js";
import { inOrder, queueKey, queueView, tickWaiting } from "./queue_view.js";

const RUSH_MS = 1000;
const RUSH_SHARE = 10;
const SAME_WAIT_MS = 2000; // the server counts whole seconds

export class Desk {
  constructor(me, { redraw, loggedOut }) {
    Object.assign(this, { me, redraw, loggedOut });
    this.queue = [];
    this.counts = { queued: 0, mine: 0, unread: 0 };
    this.directory = { departments: [], agents: [], close_reasons: [], bot: { enabled: true } };
    this.rush = { queue: { read: -Infinity }, directory: { read: -Infinity } };
    this.cards = new Map(); // handover id → its card on the page
    this.others = { colleagues: [], closed: [] };
    this.shown = new Set(); // which of them are open
    this.selected = null; // handover id
    this.context = null; // what is known of the selected one
    this.connected = true;
    this.turn = null; // which turn the context panel shows; null = the latest
    this.conversation = new ConversationView(this);
    this.reading = new Map(); // path → the reading under way, so that a burst of news reads once more, not ten times
    this.onKey = (event) => this.shortcut(event);
    this.onSight = () => this.seen();
  }

  async start() {
    await Promise.all([this.loadQueue(), this.loadDirectory()]);
    this.disconnect = connect({
      open: () => this.came(),
      down: () => this.went(),
      frame: (frame) => this.news(frame),
      unauthorized: () => this.loggedOut(),
    });
    this.ticker = setInterval(() => tickWaiting(document), 1000);
    document.addEventListener("keydown", this.onKey);
    document.addEventListener("visibilitychange", this.onSight);
  }

  stop() {
    this.disconnect?.();
    clearInterval(this.ticker);
    for (const { timer } of Object.values(this.rush)) clearTimeout(timer);
    document.removeEventListener("keydown", this.onKey);
    document.removeEventListener("visibilitychange", this.onSight);
  }

  header(leave, where) {
    this.leave = leave;
    this.bar = h("div", { class: "bar-slot" });
    this.where = where;
    this.drawBar();
    return this.bar;
  }

  drawBar() {
    if (!this.bar) return;
    const present = this.directory.agents.filter((agent) => agent.present).length;
    refill(this.bar, header({ me: this.me, leave: this.leave, bot: this.directory.bot, present, where: this.where,
      connected: this.connected, help: () => helpDialog(), redraw: this.redraw, duty: this.duty, setDuty: (duty) => this.setDuty(duty) }));
  }

  /** What the agent has said of themselves: available, break or away. */
  get duty() {
    return this.directory.agents.find(({ id }) => id === this.me.id)?.duty ?? "available";
  }

  async setDuty(duty) {
    try {
      await post("/me/duty", { duty });
      said(duty);
      if (duty !== "available") toast(t("duty.paused"));
    } catch (error) {
      this.report(error);
    }
    await this.loadDirectory().catch(() => {});
    this.refresh();
  }

  view() {
    this.queuePart = h("section", { class: "queue", "aria-label": t("queue.title") });
    this.contextPart = h("aside", { class: "context", "aria-label": t("context.title"), tabindex: "0" });
    return h("main", { class: "desk", id: "main", tabindex: "-1" }, this.queuePart, this.conversation.element(), this.contextPart);
  }

  /** Draws what is known. */
  refresh() {
    if (!this.queuePart) return;
    this.drawQueue();
    this.conversation.draw();
    this.drawContext();
    this.seen();
  }

  /** Tells that the citizen's words are read, once they can be seen. */
  seen() {
    const handover = this.context?.handover;
    if (this.where !== "desk" || !this.isMine(handover) || !handover.unread || document.visibilityState !== "visible") return;
    handover.unread = 0; // asked once
    post(`/handovers/${handover.id}/read`).catch(() => {});
  }

  /** The queue alone: news of others' conversations leaves the open one as it is. */
  drawQueue() {
    if (!this.queuePart) return;
    const key = queueKey(this);
    if (key !== this.queuePart.key) refill(this.queuePart, queueView(this));
    this.queuePart.key = key;
    const waiting = this.counts.queued + this.counts.unread;
    if (this.where === "desk") document.title = (waiting ? `(${waiting}) ` : "") + t("title");
  }

  drawContext() {
    refill(this.contextPart, this.context ? contextView(this) : []);
    this.contextPart.hidden = !this.context;
  }

  /** Runs `read`; asked for again meanwhile, it runs once more afterwards. */
  async once(name, read) {
    const running = this.reading.get(name);
    if (running) {
      running.again = true;
      return running.promise;
    }
    const entry = { again: false };
    entry.promise = (async () => {
      do {
        entry.again = false;
        await read();
      } while (entry.again);
    })().finally(() => this.reading.delete(name));
    this.reading.set(name, entry);
    return entry.promise;
  }

  loadQueue() {
    return this.once("queue", async () => {
      const { handovers, counts } = await get("/queue");
      const read = performance.now();
      if (this.loaded) ringFor(this, handovers);
      const since = new Map(this.queue.map((handover) => [handover.id, handover.since]));
      this.queue = handovers.map((handover) => {
        const begun = read - handover.waiting_seconds * 1000;
        const before = since.get(handover.id);
        return { ...handover, since: Math.abs(begun - before) < SAME_WAIT_MS ? before : begun };
      });
      this.counts = counts;
      this.loaded = true;
      for (const show of this.shown) this.others[show] = (await get(`/handovers?show=${show}`)).handovers;
      this.drawQueue();
    });
  }

  /** News of `queue` or `directory`: in a rush it is read once a second, not with every message of two hundred conversations. */
  soon(name) {
    const one = this.rush[name];
    if (one.timer) return;
    one.timer = setTimeout(() => {
      one.timer = null;
      const begun = performance.now();
      const took = () => {
        one.read = performance.now();
        one.pause = Math.max(RUSH_MS, RUSH_SHARE * (one.read - begun)); // a server that is slow is asked less often
      };
      (name === "queue" ? this.loadQueue() : this.loadDirectory()).catch(() => {}).finally(took);
    }, Math.max(0, (one.pause ?? 0) - (performance.now() - one.read)));
  }

  loadDirectory() {
    return this.once("directory", async () => {
      this.directory = await get("/directory");
      this.drawBar();
    });
  }

  loadContext({ pressed = false } = {}) {
    const id = this.selected;
    if (!id) return Promise.resolve();
    return this.once(`context ${id}`, async () => {
      try {
        const context = await get(`/handovers/${id}/context`, { pressed });
        if (this.selected === id) this.showContext(context);
      } catch (error) {
        if (this.selected === id) this.lost(error);
      }
    });
  }

  showContext(context) {
    this.context = context;
    this.refresh();
  }

  /** Only the new messages: they come often, the rest of the context seldom changes. With a seq also what changed from there on. */
  loadMessages(from = Infinity) {
    const id = this.selected;
    if (!id || !this.context) return Promise.resolve();
    this.changedFrom = Math.min(this.changedFrom ?? Infinity, from);
    return this.once(`messages ${id}`, async () => {
      try {
        const after = Math.min(this.context?.messages.at(-1)?.seq ?? 0, this.changedFrom - 1);
        this.changedFrom = Infinity;
        const { messages, handover } = await get(`/handovers/${id}/messages?after=${after}`);
        if (this.selected !== id || !this.context) return;
        const known = new Set(this.context.messages.map((message) => message.seq));
        const fresh = messages.filter((message) => !known.has(message.seq));
        const changed = new Map(messages.map((message) => [message.seq, message]));
        const marked = this.context.messages.map((message) => changed.has(message.seq) ? { ...message, delivery: changed.get(message.seq).delivery } : message);
        if (fresh.some((message) => message.author === "citizen")) ring(this, "message", id);
        if (fresh.length || handover.version !== this.context.handover.version || handover.unread !== this.context.handover.unread) this.showContext({ ...this.context, handover, messages: [...marked, ...fresh] });
        else {
          this.context = { ...this.context, messages: marked };
          this.conversation.marks(marked.filter((message) => changed.has(message.seq)));
        }
      } catch (error) {
        if (this.selected === id) this.lost(error);
      }
    });
  }

  lost(error) {
    if (error.status === 403 && this.context) {
      // Somebody else has it now: what was read stays until the agent goes on, but nothing new is shown.
      this.context = { ...this.context, handover: { ...this.context.handover, state: "other" } };
      this.refresh();
    } else if (error.status === 403 || error.status === 404) this.select(null);
    else if (error.status !== 401) toast(t("offline"), "bad");
  }

  isMine(handover) {
    return handover?.state === "claimed" && handover.claimed_by?.id === this.me.id;
  }

  select(id) {
    if (this.selected !== id) {
      this.selected = id;
      this.context = null;
      this.turn = null;
      this.conversation.opened();
    }
    this.refresh();
    return this.loadContext({ pressed: true });
  }

  /** Shows a conversation, from whichever room the agent is in. */
  open(id) {
    if (this.where === "desk") this.select(id).catch(() => {});
    else location.hash = `#/handover/${id}`;
  }

  async claim(id, body = {}) {
    try {
      await post(`/handovers/${id}/claim`, body);
      toast(t("claim.done"), "good");
      await Promise.all([this.select(id), this.loadQueue()]);
      this.conversation.focusComposer();
    } catch (error) {
      if (error.code === "already_claimed") toast(error.details.winner ? t("claim.lost", { name: error.details.winner }) : t("claim.gone"), "bad");
      else if (error.code === "on_break") toast(t("claim.on_break"), "bad");
      else if (error.code === "at_capacity") return this.atCapacity(id, error.details);
      else this.report(error);
      if (this.selected === id && error.code === "already_claimed") await this.select(null);
      await this.loadQueue().catch(() => {});
    }
  }

  /** As many as one should have: a supervisor may take one more all the same. */
  async atCapacity(id, { claimed, capacity }) {
    if (!["supervisor", "admin"].includes(this.me.role)) return toast(t("claim.full", { n: claimed }), "bad");
    const chosen = await ask({ title: t("claim.full_title", { n: claimed }), lead: t("claim.full_lead", { capacity }), submit: t("claim.override"), collect: () => ({ override: true }) });
    if (chosen) await this.claim(id, chosen);
  }

  claimNext() {
    const queued = this.queue.filter((handover) => handover.state === "queued");
    const next = queued.find(({ suits }) => !suits?.kept_for) ?? queued[0];
    if (next) this.claim(next.id);
  }

  /** What of `ACTIONS` this agent may do with the open conversation. */
  possible() {
    return this.context ? possible({ handover: this.context.handover, contact: this.context.contact, me: this.me }) : [];
  }

  /** Does one of them, after its question. */
  async act(kind) {
    const handover = this.context?.handover;
    if (!this.possible().includes(kind)) return;
    const action = ACTIONS[kind];
    if (kind === "transfer") await this.loadDirectory().catch(() => {});
    const body = action.ask ? await action.ask({ directory: this.directory, me: this.me, handover }) : {};
    if (!body) return;
    try {
      const after = await post(`/handovers/${handover.id}/${action.path ?? kind}`, body);
      toast(after.state === "closing" ? t(after.returning ? "return.proposed" : "close.proposed") : t(kind === "number" ? "number.done" : "done"), "good");
      await this.select(action.stays && after.state !== "closed" ? after.id : null); // what is pulled in is a new one
      if (action.stays) await this.loadContext();
      this.conversation.focusComposer();
    } catch (error) {
      this.report(error);
      if (error.code === "no_contact") return this.act("number");
    }
    await this.loadQueue().catch(() => {});
  }

  /** Colleagues' conversations, or those just closed: read when the agent opens the list, and with the queue while it is open. */
  async loadOthers(show) {
    this.shown.add(show);
    this.others[show] = (await get(`/handovers?show=${show}`)).handovers;
    this.refresh();
  }

  report(error) {
    if (error.code === "not_yours") {
      toast(t("error.not_yours"), "bad");
      this.loadContext();
    } else if (["wrong_state", "too_late", "four_eyes", "began_anew", "not_there", "no_contact", "protected"].includes(error.code)) {
      toast(t(`error.${error.code}`, { ...error.details, state: tOr(`state.${error.details.state}`, "") }), "bad");
      this.loadContext();
    } else if (error.status !== 401) toast(error.status === 0 ? t("offline") : t("error.unknown", { message: error.message }), "bad");
  }

  came() {
    this.connected = true;
    this.drawBar();
    // Whatever was missed while away is read now.
    Promise.all([this.loadQueue(), this.loadDirectory(), this.loadContext()]).catch(() => {});
  }

  went() {
    this.connected = false;
    this.drawBar();
  }

  news(frame) {
    const selected = frame.handover_id && frame.handover_id === this.selected;
    const quietly = (promise) => promise.catch(() => {});
    if (frame.type === "typing") {
      if (selected) this.conversation.citizenTypes();
    } else if (frame.type === "message") {
      if (selected) quietly(this.loadMessages());
      else this.soon("queue");
    } else if (frame.type === "delivery") {
      const known = this.context?.messages.find((message) => message.seq === frame.seq);
      if (selected && known?.author !== "citizen") quietly(this.loadMessages(frame.seq)); // a citizen's: that the agent has read it
    } else if (frame.type === "deliveries") {
      document.dispatchEvent(new CustomEvent("deliveries"));
      if (this.where === "desk") quietly(this.loadContext());
    } else if (frame.type === "silent" || frame.type === "awake") {
      ring(this);
      const about = this.queue.find((handover) => handover.id === frame.handover_id);
      toast(t(frame.type === "silent" ? "silent.warning" : "awake.note", { topic: about?.topic || t("queue.no_topic") }), frame.type === "silent" ? "bad" : "info");
      quietly(this.loadQueue());
    } else if (frame.type === "passed") {
      ring(this, "passed", frame.handover_id);
      const topic = () => this.queue.find(({ id }) => id === frame.handover_id)?.topic || t("queue.no_topic");
      quietly(this.loadQueue().then(() => toast(t("passed.note", { topic: topic() }))));
    } else if (frame.type === "turn") {
      if (selected) quietly(this.loadContext());
    } else if (frame.type === "resync") this.came(); // the server missed something itself
    else if (frame.type === "presence") this.soon("directory");
    else {
      this.soon("queue");
      if (frame.type === "queue" && !frame.handover_id) this.soon("directory");
      if (selected && frame.type === "handover") quietly(this.loadContext());
    }
  }

  shortcut(event) {
    if (!event.altKey || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]") || this.where !== "desk") return;
    // By the place of the key, not its letter: Alt makes other letters on some keyboards.
    const does = { KeyN: () => this.claimNext(), KeyJ: () => this.step(1), KeyK: () => this.step(-1), KeyW: () => this.conversation.focusComposer(),
      KeyH: () => helpDialog(), KeyC: () => this.conversation.chooseReply(), KeyS: () => this.conversation.findArticle() }[event.code] ?? this.doing(event.code);
    if (!does) return;
    event.preventDefault();
    does();
  }

  /** The action with this key that can be done now. */
  doing(code) {
    const kind = this.possible().find((name) => ACTIONS[name].key === code);
    return kind && (() => this.act(kind));
  }

  step(by) {
    const order = inOrder(this);
    if (!order.length) return;
    const at = order.findIndex((handover) => handover.id === this.selected);
    this.select(order[(at + by + order.length) % order.length].id);
  }
}
