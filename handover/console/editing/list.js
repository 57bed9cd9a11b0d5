// The list of articles: found by words, area, department and what is wrong with them; from the keyboard first.

import { field, h, icon, refill } from "../dom.js";
import { languageName, t } from "../i18n.js";
import { catalogue, departmentName, loadCatalogue, search, titleOf } from "./catalogue.js";
import { acting } from "./parts.js";
import { day, names, problemText } from "./words.js";

const SOON_DAYS = 30;
const SEARCH_MS = 200;

// Kept while the console is open, so that coming back from an article finds the list as it was.
const filters = { text: "", area: "", department: "", state: "" };

const days = (date) => (Date.parse(date) - Date.parse(catalogue.today)) / 86_400_000;
const isPast = (row) => row.status === "published" && days(row.review_by) < 0;
const isSoon = (row) => row.status === "published" && days(row.review_by) >= 0 && days(row.review_by) <= SOON_DAYS;
const staleCount = (row) => Object.values(row.languages ?? {}).filter((state) => state === "stale").length;
const open = (row) => catalogue.open[row.id] ?? { proposals: 0, draft: false, drafters: [] };

const STATES = {
  attention: (row) => row.broken || row.faults > 0 || staleCount(row) > 0 || isPast(row) || isSoon(row) || open(row).proposals > 0,
  faults: (row) => row.broken || row.faults > 0,
  stale: (row) => staleCount(row) > 0,
  review_soon: isSoon,
  review_past: isPast,
  drafts: (row) => row.status === "draft" || row.fresh || open(row).draft || open(row).drafters.length > 0,
  proposals: (row) => open(row).proposals > 0,
  expired: (row) => row.status === "expired",
};

export function listPage(room) {
  const page = h("div", { class: "page list-page" });
  const count = h("p", { class: "hint", role: "status" });
  const table = h("div", { class: "list-slot" });
  let found = null; // ids that the server found for the text; null = not asked
  let asked = 0;

  const box = h("input", { type: "search", value: filters.text, autocomplete: "off", dataset: { focus: "search" } });
  const choice = (name, options) => h("select", { onchange: (event) => { filters[name] = event.target.value; draw(); } },
    h("option", { value: "" }, t("list.all")), options.map(([value, text]) => h("option", { value, selected: filters[name] === value }, text)));

  let timer;
  box.addEventListener("input", () => {
    filters.text = box.value;
    clearTimeout(timer);
    timer = setTimeout(look, SEARCH_MS);
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    table.querySelector("a.row-link")?.focus();
  });
  table.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const links = [...table.querySelectorAll("a.row-link")];
    const at = links.indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    if (at + step < 0) box.focus();
    else links[Math.min(at + step, links.length - 1)].focus();
  });

  /** Asks the server, which looks in answers and phrasings too; until it answers, titles decide. */
  async function look() {
    const text = filters.text.trim();
    const number = ++asked;
    found = null;
    if (text) {
      try {
        const ids = await search(text);
        if (number === asked) found = ids;
      } catch {
        // Titles are searched here, without the server.
      }
    }
    if (number === asked) draw();
  }

  function fits(row) {
    const text = filters.text.trim().toLowerCase();
    const title = `${row.id} ${Object.values(row.titles ?? {}).join(" ")}`.toLowerCase();
    const said = !text || found?.has(row.id) || (!found && text.split(/\s+/).every((word) => title.includes(word))) || (row.fresh && title.includes(text));
    return said && (!filters.area || row.area === filters.area) && (!filters.department || row.department === filters.department)
      && (!filters.state || STATES[filters.state](row));
  }

  function draw() {
    const all = [
      ...catalogue.fresh.map((change) => ({ id: change.article_id, titles: { sv: change.title || change.article_id }, fresh: change, languages: {}, phrasings: {} })),
      ...catalogue.faulty.map((item) => ({ ...item, titles: { sv: item.id }, broken: true, languages: {}, phrasings: {} })),
      ...catalogue.rows,
    ];
    const rows = all.filter(fits);
    count.textContent = t("list.count", { n: rows.length, of: all.length });
    if (!all.length) return refill(table, h("p", { class: "empty" }, t("list.empty")));
    if (!rows.length) return refill(table, h("div", { class: "nothing" }, h("p", {}, t("list.none")), h("p", { class: "hint" }, t("list.none_lead")),
      h("button", { type: "button", onclick: clear }, t("list.clear"))));
    refill(table, h("table", { class: "article-table" },
      h("thead", {}, h("tr", {}, ["list.article", "list.area", "list.department", "list.marks", "list.review", "list.languages", "list.phrasings"].map((key) => h("th", { scope: "col" }, t(key))))),
      h("tbody", {}, rows.map((row) => tableRow(row, room)))));
  }

  function clear() {
    Object.assign(filters, { text: "", area: "", department: "", state: "" });
    room.go();
  }

  function build() {
    refill(page,
      h("div", { class: "page-head" }, h("h1", {}, t("articles")), !room.mayEdit && h("p", { class: "hint" }, t("articles.lead_read"))),
      h("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
        field(t("list.search"), box, t("list.search_hint")),
        field(t("list.area"), choice("area", catalogue.areas.map((area) => [area, area]))),
        field(t("list.department"), choice("department", Object.keys(catalogue.departments).map((key) => [key, departmentName(key)]))),
        room.mayEdit && field(t("list.state"), choice("state", Object.keys(STATES).map((key) => [key, t(`filter.${key}`)])))),
      count, table);
    look();
  }

  async function load() {
    refill(page, catalogue.loaded ? [] : h("p", { class: "empty", role: "status" }, t("articles.loading")));
    if (catalogue.loaded) build();
    try {
      await loadCatalogue();
      if (catalogue.loaded && page.querySelector(".filters")) draw();
      else build();
    } catch (error) {
      if (error.status === 401) return;
      refill(page, h("div", { class: "nothing" }, h("p", { role: "alert" }, problemText(error)), acting(t("articles.retry"), load)));
    }
  }
  load();
  return { element: page, title: t("articles"), focusSearch: () => box.focus() };
}

function tableRow(row, room) {
  const { proposals, draft, drafters } = open(row);
  const marks = [
    row.broken && mark("bad", t("mark.broken")),
    row.fresh && mark("warm", t("mark.new")),
    row.status && row.status !== "published" && mark(row.status === "expired" ? "bad" : "warm", t(`status.${row.status}`)),
    room.mayEdit && row.faults > 0 && mark("bad", t("mark.faults", { n: row.faults })),
    isPast(row) && mark("bad", t("mark.review_past")),
    isSoon(row) && mark("warm", t("mark.review_soon")),
    staleCount(row) > 0 && mark("warm", t("mark.stale", { n: staleCount(row) })),
    proposals > 0 && mark("accent", t("mark.proposals", { n: proposals })),
    draft && mark("accent", t("mark.draft")),
    drafters.length > 0 && mark("", t("mark.drafters", { names: names(drafters) })),
    room.mayEdit && row.warnings > 0 && mark("", t("mark.warnings", { n: row.warnings })),
  ].filter(Boolean);
  const href = row.fresh ? (row.fresh.state === "draft" ? `#/articles/${row.id}/edit` : `#/articles/changes/${row.fresh.id}`) : `#/articles/${row.id}`;
  const total = Object.values(row.phrasings).reduce((sum, n) => sum + n, 0);
  return h("tr", {},
    h("th", { scope: "row" }, h("a", { class: "row-link", href, dataset: { focus: `row ${row.id}` } }, row.fresh || row.broken ? row.titles.sv : titleOf(row.id)), h("span", { class: "row-id" }, row.id)),
    h("td", { dataset: { label: t("list.area") } }, row.area ?? ""), h("td", { dataset: { label: t("list.department") } }, row.department ? departmentName(row.department) : ""),
    h("td", {}, h("div", { class: "marks" }, marks.length ? marks : h("span", { class: "hint" }, "–"))),
    h("td", { dataset: { label: t("list.review") } }, row.review_by ? day(row.review_by) : ""),
    h("td", {}, h("div", { class: "codes" }, Object.entries(row.languages).map(([code, state]) => h("abbr", { class: `code ${state}`, title: `${languageName(code)}: ${t(`state.${state}`)}` }, code)))),
    h("td", { class: "number", dataset: { label: t("list.phrasings") } }, total ? String(total) : ""));
}

function mark(kind, text) {
  return h("span", { class: `mark-chip ${kind}` }, kind === "bad" && icon("alert"), text);
}
