// The fields of one language; beside Swedish for every other one.

import { freshId, h } from "../dom.js";
import { languageName, t } from "../i18n.js";
import { Competition } from "./competition.js";
import { catalogue, departmentName, dirOf } from "./catalogue.js";
import { notice, wordsChanged } from "./parts.js";

const ROWS = { answer: 12, short: 4, questions: 12 };

/** The lines of a field of phrasings. */
const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

export function languageForm({ draft, fields, code, translation, touched }) {
  const { article } = draft;
  const beside = code !== "sv";
  const text = { lang: code, dir: dirOf(code) };
  const form = h("div", { class: "language-form" });
  const competition = new Competition({ draft, code });

  function write(name, value) {
    article[name] = { ...article[name], [code]: value };
    touched();
  }

  function pair(name, control, { hint = null, extra = null } = {}) {
    const box = fields.add(`${name}.${code}`, t(`part.${name}`), control, { hint });
    if (extra) box.append(extra);
    if (!beside) return box;
    const swedish = name === "questions" ? (article.questions?.sv ?? []).join("\n") : article[name]?.sv ?? "";
    const labelled = freshId("source");
    return h("div", { class: "pair" },
      h("div", { class: "source" }, h("p", { class: "source-label", id: labelled }, t("part.in", { part: t(`part.${name}`), language: languageName("sv", { inSentence: true }) })), h("div", { class: "source-text", role: "group", tabindex: "0", "aria-labelledby": labelled, lang: "sv", dir: "ltr" }, swedish)),
      box);
  }

  const title = h("input", { value: article.title?.[code] ?? "", maxlength: "150", autocomplete: "off", ...text, oninput: (event) => write("title", event.target.value) });
  const area = (name) => h("textarea", { rows: String(ROWS[name]), value: article[name]?.[code] ?? "", spellcheck: "true", ...text, oninput: (event) => write(name, event.target.value) });
  const [answer, short] = [area("answer"), area("short")];
  const count = h("p", { class: "hint" }, t("edit.phrasings_hint", { n: (article.questions?.[code] ?? []).length }));
  const phrasings = h("textarea", { rows: String(ROWS.questions), value: (article.questions?.[code] ?? []).join("\n"), spellcheck: "false", ...text, oninput: (event) => {
    const written = lines(event.target.value);
    count.textContent = t("edit.phrasings_hint", { n: written.length });
    write("questions", written);
    competition.later(written);
  } });
  competition.onRemove = (phrasing) => {
    const left = lines(phrasings.value).filter((line) => line !== phrasing);
    phrasings.value = left.join("\n");
    phrasings.dispatchEvent(new Event("input"));
    phrasings.focus();
  };

  const reviewed = h("input", { type: "checkbox", class: "box", checked: draft.reviewed.includes(code), onchange: (event) => {
    draft.reviewed = draft.reviewed.filter((other) => other !== code);
    if (event.target.checked) draft.reviewed.push(code);
    touched();
  } });

  form.append(...[
    translation?.state === "stale" && notice("warm", translation.changed_since
      ? [h("p", {}, t("article.changed_since")), wordsChanged(translation.changed_since, "sv")] : t("article.changed_unknown")),
    pair("title", title),
    pair("answer", answer, { extra: inserting(answer) }),
    beside && h("label", { class: "check" }, reviewed, t("edit.reviewed")),
    pair("short", short, { extra: inserting(short) }),
    pair("questions", phrasings, { hint: count }),
    competition.element,
  ].filter(Boolean));
  competition.compare(article.questions?.[code] ?? []);
  return { element: form, stop: () => competition.stop() };
}

/** Puts a reference to a telephone number or a department where the caret is. */
function inserting(control) {
  const option = (kind, key, text) => h("option", { value: `{${kind}:${key}}` }, text);
  const name = (names) => names[document.documentElement.lang] ?? names.sv ?? "";
  const select = h("select", { class: "insert", "aria-label": t("edit.insert"), onchange: () => {
    if (!select.value) return;
    control.setRangeText(select.value, control.selectionStart, control.selectionEnd, "end");
    select.value = "";
    control.dispatchEvent(new Event("input"));
    control.focus();
  } },
  h("option", { value: "" }, `${t("edit.insert")} …`),
  h("optgroup", { label: t("edit.insert_phone") }, Object.entries(catalogue.phones).map(([key, phone]) => option("phone", key, `${name(phone.name)} ${phone.number}`))),
  h("optgroup", { label: t("edit.insert_department") }, Object.keys(catalogue.departments).map((key) => option("department", key, departmentName(key)))));
  return select;
}
