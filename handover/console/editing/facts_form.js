// The fields that are not of a language: where the article belongs, its dates, what it rests on, where it leads.

import { h, icon, refill } from "../dom.js";
import { languageName, t } from "../i18n.js";
import { later } from "./article.js";
import { catalogue, departmentName, titleOf } from "./catalogue.js";

const STATUSES = ["published", "draft", "expired"];
const VOLATILE = ["amount", "phone", "rule", "organisation", "date"];

export function factsForm({ draft, fields, codes, touched }) {
  const { article } = draft;
  const form = h("div", { class: "facts-form" });
  const set = (name, value) => { article[name] = value; touched(); };

  const choice = (name, options) => h("select", { onchange: (event) => set(name, event.target.value) },
    options.map(([value, text]) => h("option", { value, selected: article[name] === value }, text)),
    options.some(([value]) => value === article[name]) ? null : h("option", { value: article[name] ?? "", selected: true }, article[name] ?? ""));
  const date = (name) => h("input", { type: "date", value: article[name] ?? "", onchange: (event) => set(name, event.target.value) });
  const updated = date("updated");
  const reviewBy = date("review_by");
  const months = () => (article.volatile?.length ? 6 : 12);
  const confirmHint = h("p", { class: "hint" }, t("edit.confirm_today_hint", { months: months() }));
  const confirmed = h("button", { type: "button", onclick: () => {
    updated.value = catalogue.today;
    reviewBy.value = later(catalogue.today, months());
    Object.assign(article, { updated: updated.value, review_by: reviewBy.value });
    touched();
  } }, icon("check"), t("edit.confirm_today"));

  const checks = h("div", { class: "checks" }, VOLATILE.map((kind) => h("label", { class: "check" },
    h("input", { type: "checkbox", class: "box", checked: article.volatile?.includes(kind), onchange: (event) => {
      const without = (article.volatile ?? []).filter((other) => other !== kind);
      set("volatile", event.target.checked ? [...without, kind] : without);
      confirmHint.textContent = t("edit.confirm_today_hint", { months: months() });
    } }), t(`volatile.${kind}`))));
  const live = h("input", { type: "checkbox", class: "box", checked: article.live_only, onchange: (event) => set("live_only", event.target.checked) });
  const sensitive = h("input", { type: "checkbox", class: "box", checked: article.sensitive, onchange: (event) => set("sensitive", event.target.checked) });
  const year = h("input", { type: "number", min: "2000", max: "2100", value: article.amounts?.year ?? "", oninput: (event) => set("amounts", event.target.value ? { year: Number(event.target.value) } : null) });

  form.append(
    h("div", { class: "grid" },
      fields.add("status", t("part.status"), choice("status", STATUSES.map((value) => [value, t(`status.${value}`)]))),
      fields.add("department", t("part.department"), choice("department", Object.keys(catalogue.departments).map((key) => [key, departmentName(key)]))),
      fields.add("area", t("part.area"), choice("area", catalogue.areas.map((value) => [value, value]))),
      fields.add("updated", t("part.updated"), updated), fields.add("review_by", t("part.review_by"), reviewBy),
      h("div", { class: "field" }, confirmed, confirmHint)),
    fields.add("volatile", t("part.volatile"), checks, { hint: t("edit.volatile_hint"), group: true }),
    fields.add("live_only", t("part.live_only"), h("div", { class: "checks" }, h("label", { class: "check" }, live, t("edit.live_hint"))), { group: true }),
    fields.add("sensitive", t("part.sensitive"), h("div", { class: "checks" }, h("label", { class: "check" }, sensitive, t("edit.sensitive_hint"))), { group: true }),
    h("div", { class: "grid" }, fields.add("amounts", t("part.amounts"), year, { hint: t("edit.amounts_hint") })),
    fields.add("sources", t("part.sources"), sourceRows(article, set), { group: true }),
    fields.add("links", t("part.links"), linkRows(article, set, codes), { group: true }),
    fields.add("next", t("part.next"), nextRows(article, set), { hint: t("edit.next_hint"), group: true }));
  return { element: form, stop: () => {} };
}

/** A list of rows that can be added to and taken from; `draw` gives the controls of one. */
function rows(article, name, set, { fresh, add, draw }) {
  const box = h("div", { class: "rows" });
  function refresh(focusLast = false) {
    const list = article[name] ?? [];
    refill(box, list.map((item, at) => h("div", { class: "row" }, draw(item, (changes) => set(name, (article[name] ?? []).map((other, n) => (n === at ? { ...other, ...changes } : other)))),
      h("button", { class: "small", type: "button", "aria-label": `${t("edit.remove")}: ${item.title?.sv ?? item.title ?? item.url ?? at + 1}`, onclick: () => { set(name, article[name].filter((_, n) => n !== at)); refresh(); box.querySelector(":scope > button").focus(); } }, t("edit.remove")))),
    h("button", { class: "small", type: "button", onclick: () => { set(name, [...(article[name] ?? []), fresh()]); refresh(true); } }, icon("plus"), t(add)));
    if (focusLast) box.querySelector(".row:last-of-type input")?.focus();
  }
  refresh();
  return box;
}

function labelled(label, control) {
  return h("label", { class: "in-row" }, h("span", {}, label), control);
}

function sourceRows(article, set) {
  return rows(article, "sources", set, { fresh: () => ({ url: "", title: "", year: null }), add: "edit.add_source", draw: (source, change) => [
    labelled(t("edit.source_url"), h("input", { type: "url", value: source.url, oninput: (event) => change({ url: event.target.value.trim() }) })),
    labelled(t("edit.source_title"), h("input", { value: source.title, oninput: (event) => change({ title: event.target.value }) })),
    labelled(t("edit.source_year"), h("input", { type: "number", class: "year", value: source.year ?? "", oninput: (event) => change({ year: event.target.value ? Number(event.target.value) : null }) })),
  ] });
}

function linkRows(article, set, codes) {
  return rows(article, "links", set, { fresh: () => ({ url: "", title: { sv: "" } }), add: "edit.add_link", draw: (link, change) => {
    const titles = { ...link.title };
    return [
      labelled(t("edit.source_url"), h("input", { type: "url", value: link.url, oninput: (event) => change({ url: event.target.value.trim() }) })),
      codes.map((code) => labelled(t("edit.link_title", { language: languageName(code, { inSentence: true }) }), h("input", { value: titles[code] ?? "", lang: code, oninput: (event) => {
        if (event.target.value.trim() || code === "sv") titles[code] = event.target.value;
        else delete titles[code];
        change({ title: { ...titles } });
      } }))),
    ];
  } });
}

function nextRows(article, set) {
  const box = h("div", { class: "rows" });
  function refresh() {
    const chosen = article.next ?? [];
    const others = catalogue.rows.filter(({ id }) => id !== article.id && !chosen.includes(id)).map(({ id }) => [id, titleOf(id)]).sort((one, other) => one[1].localeCompare(other[1], document.documentElement.lang));
    refill(box, chosen.map((id) => h("div", { class: "row chip-row" }, h("span", {}, titleOf(id)),
      h("button", { class: "small", type: "button", "aria-label": `${t("edit.remove")}: ${titleOf(id)}`, onclick: () => { set("next", chosen.filter((other) => other !== id)); refresh(); box.querySelector("select").focus(); } }, t("edit.remove")))),
    h("select", { "aria-label": t("edit.next_add"), dataset: { focus: "next add" }, onchange: (event) => { if (event.target.value) { set("next", [...chosen, event.target.value]); refresh(); } } },
      h("option", { value: "" }, `${t("edit.next_add")} …`), others.map(([id, title]) => h("option", { value: id }, title))));
  }
  refresh();
  return box;
}
