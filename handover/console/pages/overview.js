// How the desk stands: the agent's own day, and for supervisors the queues, the staff and what is going on.

import { get } from "../api.js";
import { h, icon, refill } from "../dom.js";
import { languageName, t, waited } from "../i18n.js";

const AGAIN_MS = 10_000;

export function overviewView({ me, open }) {
  const supervises = ["supervisor", "admin"].includes(me.role);
  const own = h("div", {});
  const all = h("div", { class: "stack-wide" });
  const page = h("main", { class: "admin overview", id: "main", tabindex: "-1" }, h("h1", {}, t("overview")),
    h("section", { class: "card" }, h("h2", {}, t("overview.day")), own), supervises && all);
  let quiet = false;

  async function load() {
    const [day, desk] = await Promise.all([get("/me/day"), supervises ? get("/overview") : null]);
    refill(own, dayView(day));
    if (desk) {
      const once = JSON.stringify([desk, quiet, document.documentElement.lang]);
      if (once !== page.dataset.drawn) refill(all, ...deskView(desk));
      page.dataset.drawn = once;
    }
  }
  const again = () => load().catch(() => {});

  function deskView({ departments, agents, conversations }) {
    const named = new Map(departments.map(({ key, name }) => [key, name[document.documentElement.lang] ?? name.sv]));
    const busy = departments.filter((one) => quiet || one.queued || one.claimed);
    return [
      section("overview.departments",
        h("label", { class: "check" }, h("input", { type: "checkbox", checked: quiet, dataset: { focus: "quiet" }, onchange: (event) => { quiet = event.target.checked; again(); } }), t("overview.quiet")),
        !busy.length ? h("p", { class: "empty" }, icon("check"), t("queue.empty")) : table("overview.departments", ["overview.department", "overview.queued", "overview.longest", "overview.open", "overview.at_work", "overview.on_break", "overview.hours"],
          busy.map((one) => [named.get(one.key), number(one.queued, one.queued && !one.at_work), one.longest_wait_seconds === null ? t("overview.nothing") : waited(one.longest_wait_seconds),
            one.claimed, one.at_work, one.on_break, t(one.staffed_now ? "yes" : "no")]))),
      section("overview.agents", table("overview.agents", ["overview.agent", "overview.state", "overview.load", "overview.languages", "overview.skills"],
        agents.map((one) => [one.name, duty(one), `${one.claimed} / ${one.capacity}`, one.languages.map((code) => languageName(code)).join(", "), one.skills.join(", ") || t("overview.nothing")]))),
      section("overview.conversations", conversations.length ? table("overview.conversations", ["overview.topic", "overview.department", "overview.agent", "overview.since", "overview.languages", "overview.show"],
        conversations.map((one) => [h("span", { dir: "auto" }, one.topic || t(`reason.${one.reason}`)), named.get(one.department) ?? one.department, one.agent.name,
          waited((Date.now() - new Date(one.claimed_at)) / 1000), languageName(one.language),
          h("button", { class: "small", type: "button", dataset: { focus: `show ${one.handover_id}` }, "aria-label": `${t("overview.show")}: ${one.topic || t(`reason.${one.reason}`)}, ${one.agent.name}`, onclick: () => open(one.handover_id) }, t("overview.show"))]))
        : h("p", { class: "empty" }, icon("check"), t("overview.none"))),
    ];
  }

  load().catch(() => refill(own, h("p", { class: "empty" }, t("offline"))));
  const timer = setInterval(() => (page.isConnected ? document.visibilityState === "visible" && again() : clearInterval(timer)), AGAIN_MS);
  return page;
}

function dayView(day) {
  const time = (seconds) => (seconds === null ? t("overview.nothing") : waited(seconds));
  const fact = (key, value) => h("div", {}, h("dt", {}, t(key)), h("dd", {}, value));
  return h("dl", { class: "figures" }, fact("overview.claimed", String(day.claimed)), fact("overview.closed", String(day.closed)), fact("overview.returned", String(day.returned)),
    fact("overview.waited", time(day.waiting_seconds)), fact("overview.first", time(day.first_answer_seconds)),
    fact("overview.feedback", `${day.feedback.up} ${t("overview.up")}, ${day.feedback.down} ${t("overview.down")}`));
}

const duty = (one) => h("span", { class: `sign ${one.present && one.duty === "available" ? "good" : ""}` }, t(one.present ? `duty.${one.duty}` : "overview.not_present"));
const number = (value, bad) => (bad ? h("strong", { class: "bad-words" }, String(value)) : value);
const section = (key, ...children) => h("section", { class: "card" }, h("h2", {}, t(key)), children);

/** A table whose first column names the row. */
export function table(key, heads, rows) {
  return h("div", { class: "table-slot", tabindex: "0", role: "region", "aria-label": t(key), dataset: { focus: key } }, h("table", {},
    h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, t(head))))),
    h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell, n) => h(n ? "td" : "th", n ? {} : { scope: "row" }, cell instanceof Node ? cell : String(cell ?? ""))))))));
}
