// Wrong answers that agents have reported: into the right article as a phrasing, or off the list.

import { get, post } from "../api.js";
import { field, h, icon, refill, toast } from "../dom.js";
import { dayAndClock, languageName, t } from "../i18n.js";
import { titleOf } from "./catalogue.js";

const STATES = ["open", "done", "dismissed"];

export function reportsPage(room) {
  const slot = h("div", { class: "stack-wide" }, h("p", { class: "empty" }, t("tools.loading")));
  const heading = h("h1", { tabindex: "-1" }, t("reports.title"));
  let state = "open";
  const failed = (error) => error.status !== 401 && toast(error.status === 0 ? t("offline") : t("error.unknown", { message: error.message }), "bad");
  const choose = h("select", { onchange: () => { state = choose.value; load().catch(failed); } }, STATES.map((value) => h("option", { value }, t(`reports.state_${value}`))));

  async function load() {
    const [{ reports }] = await Promise.all([get(`/articles/reports?state=${state}`), room.known().catch(() => null)]);
    refill(slot, reports.length ? h("ul", { class: "reports" }, reports.map((report) => row(report))) : h("p", { class: "empty" }, icon("check"), t("reports.empty")));
  }

  function row(report) {
    const named = (id, none) => (id ? h("a", { href: `#/articles/${id}` }, titleOf(id)) : t(none));
    const act = (key, style, run) => h("button", { class: `small ${style}`, type: "button", dataset: { focus: `${key} ${report.id}` }, "aria-label": `${t(key)}: ${report.question}`, onclick: () => run().catch(failed) }, t(key));
    return h("li", { class: "card" },
      h("blockquote", { lang: report.language, dir: report.dir }, report.question),
      h("dl", { class: "pairs" }, h("dt", {}, t("context.language")), h("dd", {}, languageName(report.language)),
        h("dt", {}, t("reports.answered")), h("dd", {}, named(report.article_id, "reports.nothing")),
        h("dt", {}, t("reports.right")), h("dd", {}, named(report.proposed_article_id, "reports.missing"))),
      report.note && h("p", {}, report.note),
      h("p", { class: "hint" }, t("reports.by", { name: report.agent_name, when: dayAndClock(report.created_at) })),
      h("div", { class: "actions" }, state === "open"
        ? [report.proposed_article_id && act("reports.add", "primary", () => add(report)), act("reports.done", "", () => decide(report, "done")), act("reports.dismiss", "", () => decide(report, "dismissed"))]
        : act("reports.reopen", "", () => decide(report, "open"))));
  }

  async function decide(report, to) {
    await post(`/articles/reports/${report.id}`, { state: to });
    await load();
    heading.focus();
  }

  /** The question becomes a phrasing in the editor's own draft of the right article, where it is checked and proposed as usual. */
  async function add(report) {
    const id = report.proposed_article_id;
    const seen = await get(`/articles/${id}`);
    const draft = seen.draft;
    const article = structuredClone(draft?.content.article ?? seen.article);
    const phrasings = (article.questions ??= {})[report.language] ??= [];
    if (phrasings.includes(report.question)) toast(t("reports.exists"));
    else {
      phrasings.push(report.question);
      await post(`/articles/${id}/draft`, { article, reviewed: draft?.content.reviewed ?? [], reason: draft?.reason ?? "", base_hash: draft?.base_hash ?? seen.hash, version: draft?.version ?? null });
      toast(t("reports.added"), "good");
    }
    await post(`/articles/reports/${report.id}`, { state: "done" });
    room.visit(`${id}/edit/${report.language === "sv" ? "" : report.language}`.replace(/\/$/, ""));
  }

  load().catch(failed);
  return { element: h("div", { class: "page narrow reports-page" }, heading, h("p", { class: "lead" }, t("reports.lead")), h("div", { class: "filter" }, field(t("reports.state"), choose)), slot), title: t("reports") };
}
