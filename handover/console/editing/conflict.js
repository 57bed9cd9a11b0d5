// A proposal and an article that has changed meanwhile: three versions side by side, and the author's choice per field.

import { h } from "../dom.js";
import { t } from "../i18n.js";
import { dirOf } from "./catalogue.js";
import { acting, notice } from "./parts.js";
import { names, partName, valueText } from "./words.js";

export function conflictPart({ conflict, mine, rebase, failed }) {
  if (!conflict.hash) return notice("bad", t("conflict.gone"));
  const chosen = new Map(conflict.fields.map(({ field }) => [field, "proposed"]));
  const joined = () => conflict.fields.reduce((article, item) => put(article, item.field, item[chosen.get(item.field)]), structuredClone(conflict.merged));
  return h("section", { class: "card conflict" },
    notice("bad", h("h2", {}, t("conflict.title")), h("p", {}, t(mine ? "conflict.lead_author" : "conflict.lead_other"))),
    conflict.theirs.length > 0 && h("p", { class: "hint" }, t("conflict.theirs", { fields: names(conflict.theirs.map(partName)) })),
    conflict.fields.length ? conflict.fields.map((item) => fieldPart(item, mine, chosen)) : h("p", {}, t("conflict.none")),
    mine && acting(t("conflict.submit"), () => rebase(joined()), { style: "primary", failed }));
}

function fieldPart(item, mine, chosen) {
  const code = item.field.split(".")[1];
  const version = (name) => h("div", {}, h("h4", {}, t(`conflict.${name}`)),
    h("p", { class: "version-text", lang: code, dir: code ? dirOf(code) : null }, item[name] === null ? t("conflict.empty") : valueText(item.field, item[name])));
  const name = `keep-${item.field}`;
  const choice = (which) => h("label", { class: "check" },
    h("input", { type: "radio", class: "box", name, value: which, checked: chosen.get(item.field) === which, onchange: () => chosen.set(item.field, which) }), t(`conflict.use_${which}`));
  return h("div", { class: "clash" }, h("h3", {}, partName(item.field)),
    h("div", { class: "three" }, version("base"), version("current"), version("proposed")),
    mine && h("fieldset", {}, h("legend", {}, t("conflict.choose")), choice("current"), choice("proposed")));
}

/** Sets a field like `answer.sv`; null takes it away. */
function put(article, path, value) {
  const [name, code] = path.split(".");
  if (!code) article[name] = value;
  else if (value === null) delete article[name][code];
  else article[name] = { ...article[name], [code]: value };
  return article;
}
