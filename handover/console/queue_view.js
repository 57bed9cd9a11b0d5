import { h, icon } from "./dom.js";
import { dayAndClock, languageName, t, waited } from "./i18n.js";

const URGENT = 100;
const REQUEUED = 50;
const LONG_WAIT_SECONDS = 600;

const MINE = ["claimed", "snoozed", "closing"];
const isOwn = (desk, handover) => handover.claimed_by?.id === desk.me.id;

const keyOf = (desk, { version: _, waiting_seconds: __, ...shown }) => JSON.stringify([shown, shown.id === desk.selected, document.documentElement.lang]);

/** What the queue's part of the page says: while it is the same, nothing is drawn. */
export const queueKey = (desk) => [desk.duty, desk.me.role, document.documentElement.lang, ...desk.queue.map((one) => keyOf(desk, one)), ...desk.others.colleagues.map((one) => keyOf(desk, one)), "|", ...desk.others.closed.map((one) => keyOf(desk, one))].join("\n");

/** A card, the very same one as long as it would say the same: of two hundred, news changes one. */
function kept(desk, handover) {
  const key = keyOf(desk, handover);
  const known = desk.cards.get(handover.id);
  if (known?.key === key && !known.used) {
    known.used = true;
    return known.element;
  }
  const element = card(desk, handover);
  desk.cards.set(handover.id, { key, element, used: true });
  return element;
}

/** The parts of the queue: `[name, handovers]`. */
function parts(desk) {
  const of = (does) => desk.queue.filter(does);
  return {
    mine: of((one) => MINE.includes(one.state) && isOwn(desk, one)),
    queued: of((one) => one.state === "queued"),
    scheduled: of((one) => one.state === "scheduled"),
    to_agree: of((one) => one.state === "closing" && !isOwn(desk, one)),
  };
}

/** All of them as they stand below each other. */
export const inOrder = (desk) => Object.values(parts(desk)).flat();

/** The own conversations, who waits, who is to be contacted, what is to be approved; and on demand what others have. */
export function queueView(desk) {
  const there = new Set([...desk.queue, ...desk.others.colleagues, ...desk.others.closed].map(({ id }) => id));
  for (const [id, one] of desk.cards) if (there.has(id)) one.used = false; else desk.cards.delete(id);
  const { mine, queued, scheduled, to_agree: toAgree } = parts(desk);
  const cards = (rows) => h("ul", { class: "cards" }, rows.map((handover) => kept(desk, handover)));
  const head = (key, rows, waiting = false) => h("div", { class: "part-head" }, h("h2", {}, t(key), h("span", { class: `count ${waiting ? "waiting" : ""}` }, String(rows.length))));
  const supervises = desk.me.role === "supervisor" || desk.me.role === "admin";
  return [
    head("queue.mine", mine),
    mine.length ? cards(mine) : h("p", { class: "empty" }, t("queue.none_mine")),
    h("div", { class: "part-head" },
      h("h2", {}, t("queue.title"), h("span", { class: `count ${queued.length ? "waiting" : ""}` }, String(queued.length))),
      h("button", { class: "small primary", type: "button", disabled: !queued.length || desk.duty !== "available", dataset: { focus: "next" }, onclick: () => desk.claimNext() }, t("queue.next"))),
    queued.length ? cards(queued) : h("p", { class: "empty" }, icon("check"), t("queue.empty")),
    scheduled.length ? [head("queue.scheduled", scheduled, scheduled.some((one) => one.overdue)), cards(scheduled)] : null,
    toAgree.length ? [head("queue.to_agree", toAgree, true), cards(toAgree)] : null,
    supervises && others(desk, "colleagues", cards), others(desk, "closed", cards),
  ];
}

/** A list that is read when it is opened. */
function others(desk, show, cards) {
  const rows = desk.others[show];
  return h("details", { class: "others", dataset: { keep: show }, ontoggle: (event) => {
    if (!event.target.open) desk.shown.delete(show);
    else if (!desk.shown.has(show)) desk.loadOthers(show).catch((error) => desk.report(error));
  } },
  h("summary", { dataset: { focus: `others ${show}` } }, t(`queue.${show}`)),
  rows.length ? cards(rows) : h("p", { class: "empty" }, t("queue.none_others")));
}

/** Where it stands, when that is not plain from the list. */
function standing(desk, handover) {
  const when = handover.due_at && dayAndClock(handover.due_at);
  const chip = (name, text, style = "") => h("span", { class: `chip ${style}` }, icon(name), text);
  return [
    handover.state === "scheduled" && chip("clock", t(handover.overdue ? "queue.overdue" : "queue.due", { when }), handover.overdue ? "bad" : "time"),
    handover.state === "scheduled" && chip(handover.due_reason === "call_back" ? "agent" : "pen", t(`due.${handover.due_reason}`)),
    handover.state === "snoozed" && chip("moon", t("queue.snoozed", { when })),
    handover.state === "closing" && chip("checks", t("queue.closing")),
    handover.silent && chip("alert", t("queue.silent"), "bad"),
    handover.claimed_by && !isOwn(desk, handover) && chip("person", t("queue.of", { name: handover.claimed_by.name })),
  ];
}

/** Why it stands where it stands in this agent's queue. */
function suitsChips(suits) {
  if (!suits) return null;
  const chip = (name, key, style) => h("span", { class: `chip ${style}` }, icon(name), t(key));
  return [suits.sticky && chip("person", "suits.sticky", "suits"), suits.language && chip("check", "suits.language", "suits"), suits.overflow && chip("pass", "suits.overflow", ""),
    suits.kept_for && chip("pause", `suits.kept_${suits.kept_for}`, "warn")];
}

function card(desk, handover) {
  const open = handover.id === desk.selected;
  const queued = handover.state === "queued";
  const urgent = handover.priority >= URGENT;
  return h("li", { class: `card-row ${open ? "open" : ""} ${urgent ? "urgent" : ""}` },
    h("button", { class: "card-open", type: "button", "aria-current": open ? "true" : null, dataset: { focus: `open ${handover.id}` }, onclick: () => desk.select(handover.id) },
      h("span", { class: "card-top" },
        h("span", { class: "topic", dir: "auto" }, handover.topic || t(`reason.${handover.reason}`)),
        handover.unread > 0 && !(open && !queued) ? h("span", { class: "badge" }, String(handover.unread), h("span", { class: "unseen" }, ` ${t("queue.unread", { n: "" }).trim()}`)) : null),
      handover.last_text && h("span", { class: "excerpt", lang: handover.language, dir: "auto" }, handover.last_text),
      h("span", { class: "facts" },
        urgent && h("span", { class: "chip bad" }, icon("alert"), t("queue.urgent")),
        standing(desk, handover),
        queued && !urgent && handover.priority >= REQUEUED && h("span", { class: "chip" }, icon("undo"), t("queue.requeued")),
        queued && suitsChips(handover.suits),
        queued && h("span", { class: "chip time" }, icon("clock"), h("span", { class: "unseen" }, t("queue.waited")), waiting(handover.since)),
        h("span", { class: "chip" }, icon("globe"), languageName(handover.language)),
        handover.consent === "pending" && h("span", { class: "chip" }, icon("lock"), t("context.consent"), ": ", t("consent.pending")),
        h("span", { class: "chip" }, handover.department_name))),
    (queued || handover.state === "scheduled") && h("button", { class: "small claim", type: "button", dataset: { focus: `claim ${handover.id}` }, onclick: () => desk.claim(handover.id) }, t("queue.claim")));
}

function waiting(since) {
  const seconds = (performance.now() - since) / 1000;
  return h("span", { class: seconds > LONG_WAIT_SECONDS ? "long" : "", dataset: { since: String(since) } }, waited(seconds));
}

/** Lets the waiting times run on, without drawing anything else. */
export function tickWaiting(root) {
  for (const element of root.querySelectorAll("[data-since]")) {
    const seconds = (performance.now() - Number(element.dataset.since)) / 1000;
    const text = waited(seconds);
    if (element.textContent !== text) element.textContent = text;
    element.classList.toggle("long", seconds > LONG_WAIT_SECONDS);
  }
}
