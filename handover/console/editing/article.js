// One article: read it as citizens do, see what is wrong and what has been done, and the changes of one press.

import { ask } from "../dialogs.js";
import { field, h, icon, refill, toast } from "../dom.js";
import { dayAndClock, languageName, t } from "../i18n.js";
import { get, post } from "../api.js";
import { catalogue, departmentName, dirOf, titleOf } from "./catalogue.js";
import { acting, differenceList, findingList, languageTab, notice, previewOf, tabList, wordsChanged } from "./parts.js";
import { day, names, problemText, valueText } from "./words.js";

const OF_ARTICLE = (id) => `/articles/${encodeURIComponent(id)}`;
const FACTS = ["area", "department", "status", "updated", "review_by", "volatile", "amounts", "live_only", "sensitive", "audience", "sources", "links", "next"];

/** A date some months after another. */
export function later(date, months) {
  const then = new Date(`${date}T12:00:00Z`);
  then.setUTCMonth(then.getUTCMonth() + months);
  return then.toISOString().slice(0, 10);
}

function reasonField() {
  return h("textarea", { rows: "3", maxlength: "500", minlength: "3", required: true });
}

export function articlePage(room, id) {
  const page = h("div", { class: "page" });
  let seen = null;
  let language = "sv";

  async function load() {
    if (!seen) refill(page, h("p", { class: "empty", role: "status" }, t("articles.loading")));
    try {
      await room.known();
      seen = await get(OF_ARTICLE(id));
    } catch (error) {
      if (error.status === 401) return;
      const text = error.status === 404 ? t("article.not_found") : problemText(error);
      refill(page, h("div", { class: "nothing" }, h("p", { role: "alert" }, text), acting(t("articles.retry"), load), back()));
      return;
    }
    draw();
  }

  const back = () => h("a", { class: "tool", href: "#/articles" }, icon("back"), t("articles.back"));

  /** A change of one press; pressed on an article that has changed meanwhile, the page is read anew. */
  async function quick(body) {
    const change = await post(`${OF_ARTICLE(id)}/proposals`, { base_hash: seen.hash, ...body });
    toast(t("propose.done"), "good");
    room.count();
    room.visit(`changes/${change.id}`);
  }
  const failed = (error) => (error.code === "changed" ? load() : null);

  async function expire() {
    const reason = reasonField();
    const body = await ask({ title: t("expire.title"), lead: t("expire.lead"), submit: t("expire.submit"), style: "danger", collect: () => ({ reason: reason.value.trim() }) }, field(t("expire.reason"), reason, t("propose.reason_hint")));
    if (!body) return;
    await post(`${OF_ARTICLE(id)}/expire`, body);
    toast(t("expire.done"), "good");
    await room.known({ anew: true }).catch(() => {});
    await load();
  }

  async function review() {
    const months = seen.article.volatile.length ? 6 : 12;
    const date = h("input", { type: "date", required: true, min: catalogue.today, value: later(catalogue.today, months) });
    const confirmed = h("input", { type: "checkbox", class: "box", checked: true });
    const reason = reasonField();
    const body = await ask({ title: t("review.title"), lead: t("review.lead"), submit: t("review.submit"), collect: () => ({ review_by: date.value, confirmed: confirmed.checked, reason: reason.value.trim() }) },
      field(t("review.date"), date), h("label", { class: "check" }, confirmed, t("review.confirmed")), field(t("propose.reason"), reason, t("propose.reason_hint")));
    if (body) await quick({ action: "review", ...body });
  }

  async function reviewed(code) {
    const reason = reasonField();
    reason.value = t("article.mark_reviewed");
    const lead = t("reviewed.lead", { language: languageName(code, { inSentence: true }) });
    const body = await ask({ title: t("reviewed.title"), lead, submit: t("reviewed.submit"), collect: () => ({ reason: reason.value.trim() }) }, field(t("propose.reason"), reason, t("propose.reason_hint")));
    if (body) await quick({ action: "reviewed", language: code, ...body });
  }

  async function revert(version) {
    const reason = reasonField();
    const body = await ask({ title: t("revert.title"), lead: t("revert.lead"), submit: t("revert.submit"), collect: () => ({ reason: reason.value.trim() }) }, field(t("propose.reason"), reason, t("propose.reason_hint")));
    if (body) await quick({ action: "revert", to: version, ...body });
  }

  function draw() {
    const { article } = seen;
    if (!article) {
      refill(page, h("div", { class: "page-head" }, back(), h("h1", {}, id)), notice("bad", t("article.broken"), h("ul", {}, seen.reasons.map((reason) => h("li", {}, h("code", {}, reason))))), historyPart());
      return;
    }
    const codes = Object.keys(article.answer);
    if (!codes.includes(language)) language = codes[0] ?? "sv";
    const past = article.status === "published" && !seen.answerable;
    refill(page,
      h("div", { class: "page-head" }, back(),
        h("div", { class: "page-title" }, h("h1", {}, article.title.sv ?? id), h("p", { class: "hint" }, `${id} · ${departmentName(article.department)}`)),
        room.mayEdit && h("div", { class: "actions" },
          h("a", { class: "tool strong-tool", href: `#/articles/${id}/edit` }, icon("pen"), t(seen.draft ? "article.continue" : "article.edit")),
          acting(t("article.review"), review, { drawn: "clock", failed }),
          article.status !== "expired" && acting(t("article.expire"), expire, { style: "danger", drawn: "stop", failed }))),
      article.status === "expired" && notice("bad", t("article.expired_note")),
      past && notice("bad", t("article.past_note")),
      (seen.proposals ?? []).map((change) => notice("accent", h("p", {}, t("article.proposal_by", { name: change.author.name, reason: change.reason })), h("a", { href: `#/articles/changes/${change.id}` }, t("article.see")))),
      seen.drafters?.length > 0 && notice("accent", t("article.drafters", { names: names(seen.drafters) })),
      h("div", { class: "two" },
        h("section", { class: "card" },
          tabList({ label: t("article.language"), chosen: language, choose: (code) => { language = code; draw(); },
            tabs: codes.map((code) => languageTab(code, code === "sv" ? "original" : seen.translations?.[code]?.state)) }),
          h("div", { id: "tab-panel", role: "tabpanel", "aria-labelledby": `tab-${language}`, tabindex: "0", class: "panel" }, languagePart(article))),
        h("div", { class: "column" },
          room.mayEdit && h("section", { class: "card" }, h("h2", {}, t("article.findings")), findingList(seen.findings)),
          h("section", { class: "card" }, h("h2", {}, t("article.facts")), factsPart(article)))),
      room.mayEdit && historyPart());
  }

  function languagePart(article) {
    const translation = seen.translations?.[language];
    const questions = article.questions[language] ?? [];
    return [
      translation?.state === "stale" && notice("warm", translation.changed_since
        ? [h("p", {}, t("article.changed_since")), wordsChanged(translation.changed_since, "sv")] : t("article.changed_unknown")),
      translation && room.mayEdit && h("div", { class: "actions" },
        translation.state !== "stale" && h("span", { class: "hint" }, t(`state.${translation.state}`)),
        h("a", { class: "tool strong-tool", href: `#/articles/${id}/edit/${language}` }, icon("globe"), t("article.translate")),
        translation.state !== "reviewed" && acting(t("article.mark_reviewed"), () => reviewed(language), { drawn: "check", failed })),
      previewOf(seen.preview[language], article, language),
      h("h2", {}, t("article.phrasings")),
      questions.length ? h("ul", { class: "phrasings", lang: language, dir: dirOf(language) }, questions.map((text) => h("li", {}, text))) : h("p", { class: "empty" }, t("article.no_phrasings")),
    ].flat();
  }

  function factsPart(article) {
    const value = (name) => {
      if (name === "sources" || name === "links") return h("ul", {}, article[name].map(({ url, title, year }) => h("li", {}, h("a", { href: url, rel: "noreferrer", target: "_blank" }, typeof title === "string" ? title : title.sv ?? url), year ? ` (${year})` : "")));
      if (name === "next") return h("ul", {}, article.next.map((key) => h("li", {}, h("a", { href: `#/articles/${key}` }, titleOf(key)))));
      return valueText(name, article[name]);
    };
    const filled = FACTS.filter((name) => article[name] !== null && article[name] !== "" && !(Array.isArray(article[name]) && !article[name].length));
    return h("dl", { class: "pairs facts-list" }, filled.map((name) => [h("dt", {}, t(`part.${name}`)), h("dd", {}, value(name))]));
  }

  function historyPart() {
    const items = seen.history ?? [];
    return h("section", { class: "card" }, h("h2", {}, t("article.history")),
      items.length ? h("ol", { class: "history" }, items.map(historyItem)) : h("p", { class: "empty" }, t("article.no_history")));
  }

  function historyItem(change) {
    const shown = h("div", { class: "version" });
    const open = acting(t("history.show"), async () => {
      const version = await get(`${OF_ARTICLE(id)}/versions/${change.before}`);
      refill(shown, h("h3", {}, t("history.of")),
        version.changes.length ? [h("p", { class: "hint" }, t("history.lead")), differenceList(version.changes), acting(t("history.revert"), () => revert(change.before), { drawn: "undo", failed })] : h("p", { class: "hint" }, t("history.same")));
    }, { style: "small", name: `${t("history.show")}: ${change.reason}` });
    const by = change.approver ? t("history.by_two", change) : t("history.alone", change);
    return h("li", {}, h("p", { class: "history-reason" }, change.reason), h("p", { class: "hint" }, `${dayAndClock(change.time)} · ${by}`), change.kept && open, shown);
  }

  load();
  return { element: page, title: titleOf(id) };
}
