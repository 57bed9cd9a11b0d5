// Search in the knowledge base beside the conversation: an article in the citizen's language next to the Swedish text.

import { get } from "../api.js";
import { field, h, icon } from "../dom.js";
import { languageName, percent, t } from "../i18n.js";

export const knowledgeFault = (error) => t({ 503: "knowledge.unavailable", 404: "knowledge.gone", 0: "offline" }[error.status] ?? "error.unknown", { message: error.message });

/** What is sent to the citizen: the answer, and where it stands. */
export function asMessage({ title, answer, sources }) {
  return [title, answer, ...sources.slice(0, 2).map(({ url }) => url)].join("\n");
}

/** A search field with its results; `pick(article)` when one is pressed. */
export function articleSearch({ language, query = "", label = t("tools.query"), hint = null, pick }) {
  const input = h("input", { type: "search", value: query, maxlength: "300", autocomplete: "off", dir: "auto" });
  const results = h("ul", { class: "choices" });
  const said = h("p", { class: "hint", role: "status" });
  let asked = 0;
  async function search() {
    const words = input.value.trim();
    const mine = ++asked;
    if (!words) return results.replaceChildren();
    said.textContent = t("tools.loading");
    try {
      const { articles } = await get(`/knowledge?q=${encodeURIComponent(words)}&language=${language}`);
      if (mine !== asked) return;
      said.textContent = articles.length ? "" : t("tools.none");
      results.replaceChildren(...articles.map((article) => h("li", {}, h("button", { class: "choice", type: "button", "aria-pressed": "false", onclick: (event) => {
        for (const button of results.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button === event.currentTarget));
        pick(article);
      } }, h("strong", {}, article.title),
      h("span", { class: "facts" }, h("span", { class: "chip" }, article.department_name), h("span", { class: "chip" }, t("tools.sure", { share: percent(article.probability) })),
        language !== "sv" && h("span", { class: `chip ${article.translated ? "" : "warn"}` }, icon(article.translated ? "globe" : "alert"),
          article.translated ? t("tools.translated", { language: languageName(language, { inSentence: true }) }) : t("tools.fallback")))))));
    } catch (error) {
      if (mine === asked) said.textContent = knowledgeFault(error);
    }
  }
  // Enter in the field searches, and does not send the form around it.
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { event.preventDefault(); search(); }
    if (event.key === "ArrowDown") { event.preventDefault(); results.querySelector("button")?.focus(); }
  });
  const press = h("button", { type: "button", onclick: search }, t("tools.search"));
  const element = h("div", { class: "article-search" }, h("div", { class: "search-line" }, field(label, input, hint), press), said, results);
  if (query) search();
  return { element, input };
}

/** The dialog; resolves with the article to insert, or null. */
export function articleDialog({ language, query }) {
  return new Promise((resolve) => {
    let chosen = null;
    const shown = h("div", { class: "article-shown", "aria-live": "polite" });
    async function open({ article_id: id }) {
      shown.replaceChildren(h("p", { class: "hint" }, t("tools.loading")));
      try {
        const article = await get(`/knowledge/${id}?language=${language}`);
        shown.replaceChildren(...page(article));
      } catch (error) {
        shown.replaceChildren(h("p", { class: "fault" }, knowledgeFault(error)));
      }
    }
    const side = (name, { title, answer }, lang, dir) => h("section", { class: "side" }, h("h3", {}, name), h("div", { lang, dir }, h("p", { class: "article-title" }, title), h("p", { class: "words" }, answer)));
    const page = (article) => [
      article.fallback && h("p", { class: "chip warn" }, icon("alert"), t("tools.fallback")),
      h("div", { class: article.swedish ? "sides" : "" }, side(languageName(article.language), article, article.language, article.dir), article.swedish && side(t("tools.swedish"), article.swedish, "sv", "ltr")),
      article.sources.length > 0 && h("p", { class: "hint" }, t("tools.sources"), ": ", article.sources.map(({ title, year }) => (year ? `${title} (${year})` : title)).join(", ")),
      h("button", { class: "primary", type: "button", onclick: () => { chosen = article; dialog.close(); } }, t("tools.insert")),
    ].filter(Boolean);
    const search = articleSearch({ language, query, hint: t("tools.query_hint"), pick: open });
    const dialog = h("dialog", { class: "wide", "aria-labelledby": "dialog-title", onclose: () => { dialog.remove(); resolve(chosen); } },
      h("h2", { id: "dialog-title" }, t("tools.article")), search.element, shown,
      h("div", { class: "dialog-foot" }, h("button", { type: "button", onclick: () => dialog.close() }, t("cancel"))));
    document.body.append(dialog);
    dialog.showModal();
    search.input.focus();
  });
}
