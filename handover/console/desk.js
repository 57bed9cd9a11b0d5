// The agent's desk: holds what is known, reads it anew when there is news, and draws the three parts.

import { get, post } from "./api.js";
import { contextView } from "./context_view.js";
import { ConversationView } from "./conversation_view.js";
import { closeDialog, helpDialog, returnDialog, transferDialog } from "./dialogs.js";
import { h, refill, toast } from "./dom.js";
import { header } from "./header.js";
import { t } from "./i18n.js";
import { connect } from "./live.js";
import { chime } from "./preferences.js";
import { queueView, tickWaiting } from "./queue_view.js";

export class Desk {
  constructor(me, { redraw, loggedOut }) {
    Object.assign(this, { me, redraw, loggedOut });
    this.queue = [];
    this.counts = { queued: 0, mine: 0, unread: 0 };
    this.directory = { departments: [], agents: [], close_reasons: [], bot: { enabled: true } };
    this.selected = null; // handover id
    this.context = null; // what is known of the selected one
    this.connected = true;
    this.turn = null; // which turn the context panel shows; null = the latest
    this.conversation = new ConversationView(this);
    this.reading = new Map(); // path → the reading under way, so that a burst of news reads once more, not ten times
    this.onKey = (event) => this.shortcut(event);
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
  }

  stop() {
    this.disconnect?.();
    clearInterval(this.ticker);
    document.removeEventListener("keydown", this.onKey);
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
      connected: this.connected, help: () => helpDialog(), redraw: this.redraw }));
  }

  view() {
    this.queuePart = h("section", { class: "queue", "aria-label": t("queue.title") });
    this.contextPart = h("aside", { class: "context", "aria-label": t("context.title"), tabindex: "0" });
    return h("main", { class: "desk", id: "main", tabindex: "-1" }, this.queuePart, this.conversation.element(), this.contextPart);
  }

  /** Draws what is known. */
  refresh() {
    if (!this.queuePart) return;
    refill(this.queuePart, queueView(this));
    this.conversation.draw();
    this.drawContext();
    const waiting = this.counts.queued + this.counts.unread;
    if (this.where !== "articles") document.title = (waiting ? `(${waiting}) ` : "") + t("title");
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
      const known = new Set(this.queue.map((handover) => handover.id));
      if (this.loaded && handovers.some((handover) => handover.state === "queued" && !known.has(handover.id))) chime();
      this.queue = handovers.map((handover) => ({ ...handover, since: read - handover.waiting_seconds * 1000 }));
      this.counts = counts;
      this.loaded = true;
      this.refresh();
    });
  }

  loadDirectory() {
    return this.once("directory", async () => {
      this.directory = await get("/directory");
      this.drawBar();
    });
  }

  loadContext() {
    const id = this.selected;
    if (!id) return Promise.resolve();
    return this.once(`context ${id}`, async () => {
      try {
        const context = await get(`/handovers/${id}/context`);
        if (this.selected === id) this.showContext(context);
      } catch (error) {
        if (this.selected === id) this.lost(error);
      }
    });
  }

  showContext(context) {
    this.context = context;
    const mine = this.isMine(context.handover);
    if (mine && context.handover.unread && document.visibilityState === "visible") post(`/handovers/${context.handover.id}/read`).catch(() => {});
    this.refresh();
  }

  /** Only the new messages: they come often, the rest of the context seldom changes. */
  loadMessages() {
    const id = this.selected;
    if (!id || !this.context) return Promise.resolve();
    return this.once(`messages ${id}`, async () => {
      try {
        const after = this.context?.messages.at(-1)?.seq ?? 0;
        const { messages, handover } = await get(`/handovers/${id}/messages?after=${after}`);
        if (this.selected !== id || !this.context) return;
        const known = new Set(this.context.messages.map((message) => message.seq));
        const fresh = messages.filter((message) => !known.has(message.seq));
        if (fresh.some((message) => message.author === "citizen")) chime();
        this.showContext({ ...this.context, handover, messages: [...this.context.messages, ...fresh] });
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
    return this.loadContext();
  }

  async claim(id) {
    try {
      await post(`/handovers/${id}/claim`);
      toast(t("claim.done"), "good");
      await Promise.all([this.select(id), this.loadQueue()]);
      this.conversation.focusComposer();
    } catch (error) {
      if (error.code === "already_claimed") toast(error.details.winner ? t("claim.lost", { name: error.details.winner }) : t("claim.gone"), "bad");
      else this.report(error);
      if (this.selected === id && error.code === "already_claimed") await this.select(null);
      await this.loadQueue().catch(() => {});
    }
  }

  claimNext() {
    const next = this.queue.find((handover) => handover.state === "queued");
    if (next) this.claim(next.id);
  }

  /** Return, close or transfer, after a dialog. */
  async act(kind) {
    const handover = this.context?.handover;
    if (!this.isMine(handover)) return;
    const ask = { return: returnDialog, close: closeDialog, transfer: transferDialog }[kind];
    if (kind === "transfer") await this.loadDirectory().catch(() => {});
    const body = await ask(this.directory, this.me, handover);
    if (!body) return;
    try {
      await post(`/handovers/${handover.id}/${kind}`, body);
      toast(t("done"), "good");
      await this.select(null);
    } catch (error) {
      this.report(error);
    }
    await this.loadQueue().catch(() => {});
  }

  report(error) {
    if (error.code === "not_yours") {
      toast(t("error.not_yours"), "bad");
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
      else quietly(this.loadQueue());
    } else if (frame.type === "turn") {
      if (selected) quietly(this.loadContext());
    } else if (frame.type === "presence") quietly(this.loadDirectory());
    else {
      quietly(this.loadQueue());
      if (frame.type === "queue" && !frame.handover_id) quietly(this.loadDirectory());
      if (selected && frame.type === "handover") quietly(this.loadContext());
    }
  }

  shortcut(event) {
    if (!event.altKey || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]") || this.where !== "desk") return;
    // By the place of the key, not its letter: Alt makes other letters on some keyboards.
    const does = { KeyN: () => this.claimNext(), KeyJ: () => this.step(1), KeyK: () => this.step(-1), KeyW: () => this.conversation.focusComposer(),
      KeyR: () => this.act("return"), KeyX: () => this.act("close"), KeyT: () => this.act("transfer"), KeyH: () => helpDialog() }[event.code];
    if (!does) return;
    event.preventDefault();
    does();
  }

  step(by) {
    const order = [...this.queue.filter((handover) => handover.state === "claimed"), ...this.queue.filter((handover) => handover.state === "queued")];
    if (!order.length) return;
    const at = order.findIndex((handover) => handover.id === this.selected);
    this.select(order[(at + by + order.length) % order.length].id);
  }
}
