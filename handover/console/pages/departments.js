// The departments at the desk: board, queue, overflow, hours, agents. An admin opens and closes queues here.

import { get, post } from "../api.js";
import { h, refill, toast } from "../dom.js";
import { t } from "../i18n.js";

export function departmentsCard(failed) {
  const body = h("div", {});

  function draw(departments) {
    const lang = document.documentElement.lang;
    refill(body, h("div", { class: "table-slot", tabindex: "0", role: "region", "aria-label": t("departments.title") }, h("table", {},
      h("thead", {}, h("tr", {}, ["admin.departments", "departments.board", "departments.queue", "departments.overflow", "departments.hours", "departments.agents"].map((key) => h("th", { scope: "col" }, t(key))))),
      h("tbody", {}, departments.map((one) => row(one, one.name[lang] ?? one.name.sv))))));
  }

  function row(one, name) {
    return h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, one.board),
      h("td", {}, choice(one, name, "queue", one.general ? t("departments.general") : null)),
      h("td", {}, one.general ? t("overview.nothing") : choice(one, name, "overflow", one.secret ? t("departments.secret") : null)),
      h("td", {}, t(one.own_hours ? "departments.own_hours" : "departments.common_hours")),
      h("td", {}, one.agents.join(", ") || t("departments.nobody")));
  }

  /** A switch, or why there is none. */
  function choice(one, name, which, instead) {
    if (instead) return instead;
    const label = t(one[which] ? "departments.on" : "departments.off");
    return h("button", { class: "small", type: "button", role: "switch", "aria-checked": String(one[which]), "aria-label": `${t(`departments.${which}`)}: ${name}`, dataset: { focus: `${which}:${one.key}` }, onclick: async () => {
      try {
        draw((await post(`/departments/${one.key}`, { [which]: !one[which] })).departments);
        toast(t("departments.saved"), "good");
      } catch (error) {
        failed(error);
      }
    } }, label);
  }

  get("/departments").then(({ departments }) => draw(departments)).catch(failed);
  return h("section", { class: "card" }, h("h2", {}, t("departments.title")), h("p", { class: "lead" }, t("departments.lead")), body);
}
