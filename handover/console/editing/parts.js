// Pieces that several pages are made of: differences, previews, findings, notices, buttons that wait for their answer.

import { h, icon, toast } from "../dom.js";
import { languageName, t } from "../i18n.js";
import { dirOf } from "./catalogue.js";
import { day, findingText, partName, partsName, problemText, valueText } from "./words.js";

/** A button that is disabled while its work is under way, so that a second press does nothing. Errors become words. */
export function acting(label, work, { style = "", drawn = null, name = null, failed = null } = {}) {
  const button = h("button", { class: style, type: "button", "aria-label": name }, drawn && icon(drawn), label);
  button.addEventListener("click", async () => {
    if (button.disabled) return;
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    try {
      await work();
    } catch (error) {
      if (!("status" in error)) throw error;
      if (error.status !== 401) toast(problemText(error), "bad");
      await failed?.(error);
    } finally {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    }
  });
  return button;
}

export function notice(kind, ...content) {
  return h("div", { class: `note-box ${kind}`, role: kind === "bad" ? "alert" : null }, icon(kind === "good" ? "check" : "alert"), h("div", {}, ...content));
}

/** Text with what was added and taken away; screen readers hear which is which. */
export function wordsChanged(pieces, code) {
  const shown = { same: (text) => text,
    added: (text) => h("ins", {}, h("span", { class: "unseen" }, ` ${t("diff.added")} `), text),
    removed: (text) => h("del", {}, h("span", { class: "unseen" }, ` ${t("diff.removed")} `), text) };
  return h("p", { class: "changed-words", lang: code, dir: dirOf(code) }, pieces.map(([kind, text]) => shown[kind](text)));
}

/** All fields that differ. */
export function differenceList(changes) {
  return h("dl", { class: "differences" }, changes.map((change) => {
    const code = change.field.split(".")[1];
    return h("div", {}, h("dt", {}, partName(change.field)), h("dd", {}, difference(change, code)));
  }));
}

function difference(change, code) {
  if (change.kind === "text") return wordsChanged(change.words, code);
  if (change.kind === "list") {
    const line = (tag, word) => (text) => h("li", {}, h(tag, { lang: code, dir: dirOf(code) }, h("span", { class: "unseen" }, `${t(word)} `), text));
    return h("ul", { class: "changed-lines" }, change.removed.map(line("del", "diff.removed")), change.added.map(line("ins", "diff.added")));
  }
  return h("p", { class: "changed-value" }, h("del", {}, h("span", { class: "unseen" }, `${t("diff.before")} `), valueText(change.field, change.before)), " → ",
    h("ins", {}, h("span", { class: "unseen" }, `${t("diff.after")} `), valueText(change.field, change.after)));
}

/** An answer's text with its steps as lists, as the chat shows it. */
export function answerText(text) {
  const blocks = [];
  for (const line of text.split("\n")) {
    const item = /^(?:(\d+)\. |- )(.*)/.exec(line);
    const tag = item ? (item[1] ? "ol" : "ul") : "p";
    const last = blocks.at(-1);
    if (!line.trim()) blocks.push(null);
    else if (item) {
      const list = last?.tagName.toLowerCase() === tag ? last : h(tag, {});
      if (list !== last) blocks.push(list);
      list.append(h("li", {}, item[2]));
    } else if (last?.tagName === "P") last.append("\n", line);
    else blocks.push(h("p", {}, line));
  }
  return blocks.filter(Boolean);
}

/** The answer as on the web, and as an SMS. */
export function previewOf(shown, article, code) {
  const text = { lang: code, dir: dirOf(code) };
  if (!shown) return h("p", { class: "empty" }, t("web.empty"));
  const { sms } = shown;
  return h("div", { class: "previews" },
    h("figure", {}, h("figcaption", {}, t("article.web")),
      h("div", { class: "web-preview", ...text }, h("p", { class: "article-title" }, shown.title), answerText(shown.answer),
        h("p", { class: "more", lang: document.documentElement.lang, dir: "ltr" }, t("web.updated", { date: day(article.updated) }),
          Array.isArray(article.sources) && article.sources.length ? ` · ${t("web.sources")}: ${article.sources.map((source) => source.title).join(", ")}` : null)),
      h("p", { class: `hint ${shown.words > shown.words_limit ? "over" : ""}` }, t("edit.words", { n: shown.words, limit: shown.words_limit }))),
    h("figure", {}, h("figcaption", {}, t("article.sms")),
      shown.short ? h("div", { class: "sms-preview", ...text }, shown.short) : h("p", { class: "empty" }, t("edit.sms_none")),
      shown.short && h("p", { class: `hint ${sms.parts > 2 ? "over" : ""}` }, t("edit.sms_size", { parts: sms.parts, units: sms.units, encoding: sms.encoding })),
      shown.short && sms.outside && dirOf(code) !== "rtl" && sms.outside.length < 12 && h("p", { class: "hint" }, t("edit.sms_dear", { signs: [...sms.outside].join(" ") }))));
}

export function findingList(findings) {
  if (!findings.length) return h("p", { class: "empty" }, icon("check"), t("article.no_findings"));
  // The same thing in many languages is one line.
  const groups = new Map();
  for (const finding of [...findings].sort((one, other) => Number(other.fault) - Number(one.fault))) {
    const text = findingText(finding);
    const key = `${finding.fault} ${finding.field.split(".")[0]} ${text}`;
    groups.set(key, { ...finding, text, fields: [...(groups.get(key)?.fields ?? []), finding.field] });
  }
  return h("ul", { class: "findings" }, [...groups.values()].map(({ fault, fields, text }) => h("li", { class: fault ? "fault-line" : "warning-line" },
    icon("alert"), h("span", {}, fields[0] && h("strong", {}, `${partsName(fields)}: `), text))));
}

/** A list of languages as buttons that show one at a time, with arrow keys as tabs have. */
export function tabList({ label, tabs, chosen, choose }) {
  const list = h("div", { class: "tabs", role: "tablist", "aria-label": label });
  const buttons = tabs.map(({ key, text, mark, lang }) => h("button", { class: "tab", type: "button", role: "tab", id: `tab-${key}`, "aria-selected": String(key === chosen),
    "aria-controls": "tab-panel", tabindex: key === chosen ? null : "-1", dataset: { focus: `tab ${key}` }, onclick: () => choose(key) }, h("span", { lang }, text), mark ?? null));
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = (tabs.findIndex(({ key }) => key === chosen) + step + tabs.length) % tabs.length;
    choose(tabs[next].key);
    document.getElementById(`tab-${tabs[next].key}`)?.focus();
  });
  list.append(...buttons);
  return list;
}

/** How far a translation has come, on its tab; most are not reviewed, so that goes without saying. */
export function stateMark(state) {
  return state === "stale" || state === "reviewed" ? h("span", { class: `state ${state}` }, t(`state.${state}`)) : null;
}

export function languageTab(code, state) {
  return { key: code, text: languageName(code), mark: stateMark(state) };
}
