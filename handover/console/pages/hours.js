// Opening hours of the desk and its departments, as an admin sets them.

import { get, post } from "../api.js";
import { field, h, toast } from "../dom.js";
import { t } from "../i18n.js";

const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
// Not type="time": that follows the browser's language, and 05:00 PM is nobody's closing time here.
const CLOCK = { type: "text", inputmode: "numeric", required: true, maxlength: "5", size: "5", pattern: "([01][0-9]|2[0-3]):[0-5][0-9]", placeholder: "08:00", class: "clock" };
const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

export function hoursCard(failed) {
  const card = h("section", { class: "card" });
  let chosen = "";

  function draw(known) {
    const mine = chosen ? known.departments[chosen] ?? known.common : known.common;
    const lang = document.documentElement.lang;
    const own = (key) => known.edited.includes(key) || key && key in known.departments;
    const whose = h("select", { onchange: () => { chosen = whose.value; draw(known); card.querySelector("select").focus(); } },
      h("option", { value: "", selected: !chosen }, t("hours.common")),
      known.queues.map(({ key, name }) => h("option", { value: key, selected: key === chosen }, `${name[lang] ?? name.sv}${own(key) ? ` (${t("hours.own")})` : ""}`)));
    const rows = new Map(DAYS.map((day) => {
      const [opens, closes] = mine.weekly[day] ?? ["08:00", "17:00"];
      const open = h("input", { type: "checkbox", checked: day in mine.weekly, "aria-label": `${t(`day.${day}`)}: ${t("overview.hours")}` });
      const from = h("input", { ...CLOCK, value: opens, "aria-label": `${t(`day.${day}`)}: ${t("hours.opens")}` });
      const to = h("input", { ...CLOCK, value: closes, "aria-label": `${t(`day.${day}`)}: ${t("hours.closes")}` });
      const show = () => { from.disabled = to.disabled = !open.checked; };
      open.addEventListener("change", show);
      show();
      return [day, { open, from, to }];
    }));
    const holidays = h("input", { type: "checkbox", checked: mine.closed_on_holidays });
    const closed = h("textarea", { rows: "3", value: mine.closed_dates.join("\n") });
    const other = h("textarea", { rows: "3", value: Object.entries(mine.open_dates).map(([day, [from, to]]) => `${day} ${from}-${to}`).join("\n") });

    function collect() {
      const opened = {};
      for (const line of lines(other.value)) {
        const parts = /^(\d{4}-\d{2}-\d{2})\s+(\d{2}:\d{2})\s*[-–]\s*(\d{2}:\d{2})$/.exec(line);
        if (!parts) return toast(t("hours.bad_line", { line }), "bad");
        opened[parts[1]] = [parts[2], parts[3]];
      }
      const bad = lines(closed.value).find((line) => !/^\d{4}-\d{2}-\d{2}$/.test(line));
      if (bad) return toast(t("hours.bad_line", { line: bad }), "bad");
      const weekly = Object.fromEntries([...rows].filter(([, { open }]) => open.checked).map(([day, { from, to }]) => [day, [from.value, to.value]]));
      return { weekly, closed_on_holidays: holidays.checked, closed_dates: lines(closed.value), open_dates: opened };
    }
    async function save(hours) {
      try {
        draw(await post("/hours", { department: chosen || null, hours }));
        toast(t("hours.saved"), "good");
        card.querySelector("select").focus();
      } catch (error) {
        if (error.code === "invalid") toast(t("hours.bad", { message: error.message }), "bad");
        else failed(error);
      }
    }
    card.replaceChildren(h("h2", {}, t("hours.title")), h("p", { class: "lead" }, t("hours.lead")),
      h("form", { class: "stack-wide", onsubmit: (event) => { event.preventDefault(); const hours = collect(); if (hours) save(hours); } },
        field(t("hours.for"), whose),
        h("div", { class: "table-slot", tabindex: "0", role: "region", "aria-label": t("hours.title") }, h("table", { class: "hours" },
          h("thead", {}, h("tr", {}, ["hours.day", "overview.hours", "hours.opens", "hours.closes"].map((key) => h("th", { scope: "col" }, t(key))))),
          h("tbody", {}, [...rows].map(([day, { open, from, to }]) => h("tr", {}, h("th", { scope: "row" }, t(`day.${day}`)), h("td", {}, open), h("td", {}, from), h("td", {}, to)))))),
        h("label", { class: "check" }, holidays, t("hours.holidays")),
        h("details", {}, h("summary", {}, t("hours.next")), h("ul", { class: "plain-list" }, known.holidays.map(({ date, name }) => h("li", {}, `${date} ${name[lang] ?? name.sv}`)))),
        h("div", { class: "grid" }, field(t("hours.closed_dates"), closed, t("hours.closed_hint")), field(t("hours.open_dates"), other, t("hours.open_hint"))),
        h("div", { class: "actions" }, h("button", { class: "primary", type: "submit" }, t("hours.save")),
          known.edited.includes(chosen) && h("button", { type: "button", onclick: () => save(null) }, t("hours.reset")))));
  }

  get("/hours").then(draw).catch(failed);
  return card;
}
