// What an agent reads first: what it is about, what the bot has said, what is unclear; and articles that may answer.

import { get } from "./api.js";
import { h, icon, toast } from "./dom.js";
import { languageName, percent, t } from "./i18n.js";
import { knowledgeFault } from "./tools/articles.js";

const articles = new Map(); // id and language → the article, or the reading under way

/** The three answers, in the conversation's own words. */
export function summaryView({ summary, handover }) {
  if (handover.consent === "pending") return part("summary.title", h("p", { class: "chip warn" }, icon("lock"), t("summary.pending")));
  const { about, said, unclear } = summary;
  if (!about.length && !said.length && !unclear.length) return null;
  const words = (one) => h("q", { lang: one.language, dir: one.dir }, one.text);
  const list = (key, rows, line) => [h("h3", {}, t(key)), rows.length ? h("ul", { class: "gist" }, rows.map((one) => h("li", {}, line(one)))) : h("p", { class: "empty" }, t(`${key}_none`))];
  return part("summary.title", h("div", { class: "summary" },
    list("summary.about", about, words),
    list("summary.said", said, (one) => [h("strong", { lang: one.language, dir: one.dir }, one.title || one.article_id), " ", h("span", { class: "hint", lang: one.language, dir: one.dir }, one.text)]),
    list("summary.unclear", unclear, (one) => [words(one), " ", h("span", { class: "chip warn" }, t(`unclear.${one.why}`))])));
}

/** Articles in the citizen's language beside the Swedish text; one press puts one into the field to write in. */
export function suggestedView(desk) {
  const { suggested, conversation, handover } = desk.context;
  if (!suggested.length) return null;
  const mine = desk.isMine(handover);
  return part("suggested.title", mine ? null : h("p", { class: "hint" }, t("suggested.claim")), h("ul", { class: "suggested" }, suggested.map((row) => {
    const id = `suggested-${row.article_id}`;
    const texts = h("div", {});
    const open = async ({ currentTarget }) => { if (currentTarget.open) texts.replaceChildren(await shown(row.article_id, conversation.language)); };
    const swedish = h("span", { lang: "sv", dir: "ltr" });
    if (conversation.language !== "sv") read(row.article_id, conversation.language).then((article) => {
      const title = (article.swedish ?? article).title;
      if (title !== row.title) swedish.textContent = title;
    }, () => {});
    return h("li", {},
      h("div", { class: "suggested-row" },
        h("p", { class: "suggested-title" }, h("span", { id }, h("strong", { dir: "auto" }, row.title || row.article_id), " ", swedish), h("span", { class: "chip" }, percent(row.probability)), row.shown && h("span", { class: "chip" }, icon("check"), t("suggested.shown"))),
        mine && h("button", { class: "small", type: "button", "aria-describedby": id, dataset: { focus: `insert ${row.article_id}` }, onclick: () => insertArticle(desk, row.article_id) }, t("tools.insert"))),
      h("details", { dataset: { keep: id }, ontoggle: open }, h("summary", { "aria-describedby": id }, t("suggested.read")), texts));
  })));
}

async function insertArticle(desk, id) {
  const { handover, conversation } = desk.context;
  try {
    desk.conversation.putArticle(handover.id, await read(id, conversation.language));
  } catch (error) {
    toast(knowledgeFault(error), "bad");
  }
}

function read(id, language) {
  const key = `${id} ${language}`;
  if (!articles.has(key)) articles.set(key, get(`/knowledge/${id}?language=${language}`).catch((error) => { articles.delete(key); throw error; }));
  return articles.get(key);
}

async function shown(id, language) {
  try {
    const article = await read(id, language);
    const side = (name, { title, answer }, lang, dir) => h("section", { class: "side" }, h("h3", {}, name), h("div", { lang, dir }, h("p", { class: "article-title" }, title), h("p", { class: "words" }, answer)));
    return h("div", {}, article.fallback && h("p", { class: "chip warn" }, icon("alert"), t("tools.fallback")),
      side(languageName(article.language), article, article.language, article.dir), article.swedish && side(t("tools.swedish"), article.swedish, "sv", "ltr"));
  } catch (error) {
    return h("p", { class: "fault", role: "alert" }, knowledgeFault(error));
  }
}

const part = (key, ...children) => h("section", { class: "part" }, h("h2", {}, t(key)), children);
