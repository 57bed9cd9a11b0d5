import { h, icon } from "./dom.js";
import { languageName, t, waited } from "./i18n.js";

const URGENT = 100;
const LONG_WAIT_SECONDS = 600;

/** The own conversations, then who waits. */
export function queueView(desk) {
  const mine = desk.queue.filter((handover) => handover.state === "claimed");
  const queued = desk.queue.filter((handover) => handover.state === "queued");
  return [
    h("div", { class: "part-head" }, h("h2", {}, t("queue.mine"), h("span", { class: "count" }, String(mine.length)))),
    mine.length ? h("ul", { class: "cards" }, mine.map((handover) => card(desk, handover))) : h("p", { class: "empty" }, t("queue.none_mine")),
    h("div", { class: "part-head" },
      h("h2", {}, t("queue.title"), h("span", { class: `count ${queued.length ? "waiting" : ""}` }, String(queued.length))),
      h("button", { class: "small primary", type: "button", disabled: !queued.length, dataset: { focus: "next" }, onclick: () => desk.claimNext() }, t("queue.next"))),
    queued.length ? h("ul", { class: "cards" }, queued.map((handover) => card(desk, handover))) : h("p", { class: "empty" }, icon("check"), t("queue.empty")),
  ];
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
        queued && h("span", { class: "chip time" }, icon("clock"), h("span", { class: "unseen" }, t("queue.waited")), waiting(handover.since)),
        h("span", { class: "chip" }, icon("globe"), languageName(handover.language)),
        h("span", { class: "chip" }, handover.department_name))),
    queued && h("button", { class: "small claim", type: "button", dataset: { focus: `claim ${handover.id}` }, onclick: () => desk.claim(handover.id) }, t("queue.claim")));
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
