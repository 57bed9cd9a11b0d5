// A new article: what it is called, then straight to writing.

import { post } from "../api.js";
import { field, h, refill } from "../dom.js";
import { t } from "../i18n.js";
import { later } from "./article.js";
import { departmentName } from "./catalogue.js";
import { acting } from "./parts.js";
import { problemText } from "./words.js";

const PLAIN = { å: "a", ä: "a", ö: "o", é: "e", ü: "u" };

/** "Söka plats i förskola" as an id: soka-plats-i-forskola. */
function idOf(title) {
  return title.toLowerCase().replace(/[åäöéü]/g, (letter) => PLAIN[letter]).replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 48).replace(/-+$/, "");
}

export function newPage(room) {
  const page = h("div", { class: "page narrow" });

  function build({ areas, departments, today }) {
    const title = h("input", { required: true, maxlength: "150", autocomplete: "off" });
    const id = h("input", { required: true, maxlength: "64", autocomplete: "off", pattern: "[a-z0-9]+(-[a-z0-9]+)*" });
    const area = h("select", {}, areas.map((value) => h("option", { value }, value)));
    const department = h("select", {}, Object.keys(departments).map((value) => h("option", { value }, departmentName(value))));
    let own = false; // the editor wrote an id of their own
    title.addEventListener("input", () => { if (!own) id.value = idOf(title.value); });
    id.addEventListener("input", () => { own = id.value !== ""; });
    const start = acting(t("edit.start"), async () => {
      if (!form.reportValidity()) return;
      const article = { id: id.value, area: area.value, department: department.value, status: "published", updated: today, review_by: later(today, 12), sources: [], volatile: [],
        live_only: false, sensitive: false, amounts: null, audience: null, questions: { sv: [], en: [] }, title: { sv: title.value.trim() }, answer: {}, short: {}, translations: {}, next: [], links: [] };
      await post(`/articles/${encodeURIComponent(id.value)}/draft`, { article, base_hash: null, version: null });
      room.visit(`${id.value}/edit`);
    }, { style: "primary", failed: (error) => { if (error.code === "exists" || error.status === 422) id.focus(); } });
    const form = h("form", { class: "card stack", onsubmit: (event) => { event.preventDefault(); start.click(); } },
      field(t("part.in", { part: t("part.title"), language: t("edit.swedish") }), title), field(t("part.id"), id, t("edit.id_hint")),
      field(t("part.area"), area), field(t("part.department"), department), start);
    refill(page, h("h1", {}, t("articles.new")), form);
    title.focus();
  }

  room.known().then(build, (error) => refill(page, h("p", { role: "alert" }, problemText(error))));
  return { element: page, title: t("articles.new") };
}
