// The words for findings, errors, dates and the parts of an article.

import { languageName, t, tOr } from "../i18n.js";
import { preferences } from "../preferences.js";
import { departmentName, titleOf } from "./catalogue.js";

/** A finding in the editor's language; the validator's own English if there are no words for it. */
export function findingText({ key, params, message }) {
  const general = key.startsWith("format_") ? t("finding.format") : null;
  const words = tOr(`finding.${key}`, null) ? t(`finding.${key}`, params) : general ?? message;
  return params.before_publishing ? t("finding.before_publishing", { text: words }) : words;
}

/** What went wrong with a request, in words. */
export function problemText(error) {
  if (error.status === 0) return t("offline");
  return tOr(`problem.${error.code}`, null) ? t(`problem.${error.code}`) : t("error.unknown", { message: error.message });
}

export function day(date) {
  return date ? new Date(`${date}T12:00:00Z`).toLocaleDateString(preferences.language, { timeZone: "UTC", dateStyle: "medium" }) : "–";
}

/** `answer.sv` as "Svar, svenska". */
export function partName(field) {
  const [name, code] = field.split(".");
  const part = tOr(`part.${name}`, name);
  return code && /^[a-z]{2,3}$/.test(code) ? t("part.in", { part, language: languageName(code, { inSentence: true }) }) : part;
}

/** Several fields of one part: `answer.fi`, `answer.ar` as "Svar, finska och arabiska". */
export function partsName(fields) {
  const codes = fields.map((field) => field.split(".")[1]).filter((code) => /^[a-z]{2,3}$/.test(code ?? ""));
  if (codes.length < 2) return partName(fields[0]);
  const part = tOr(`part.${fields[0].split(".")[0]}`, fields[0]);
  return t("part.in", { part, language: names([...new Set(codes)].map((code) => languageName(code, { inSentence: true }))) });
}

export const names = (list) => new Intl.ListFormat(preferences.language, { type: "conjunction" }).format(list);

/** A value of an article's field as text. */
export function valueText(field, value) {
  const name = field.split(".")[0];
  if (value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length)) return t("diff.none");
  if (name === "status") return t(`status.${value}`);
  if (name === "department") return departmentName(value);
  if (name === "updated" || name === "review_by") return day(value);
  if (name === "live_only" || name === "sensitive") return t(value ? "yes" : "no");
  if (name === "amounts") return String(value.year ?? "");
  if (name === "volatile") return value.map((kind) => t(`volatile.${kind}`)).join(", ");
  if (name === "next") return value.map((id) => titleOf(id)).join("\n");
  if (name === "sources") return value.map(({ url, title, year }) => `${title}${year ? ` (${year})` : ""}\n${url}`).join("\n");
  if (name === "links") return value.map(({ url, title }) => `${title.sv ?? ""}\n${url}`).join("\n");
  if (name === "translations") return t(`state.${value.state}`);
  if (Array.isArray(value)) return value.join("\n");
  return String(value);
}
