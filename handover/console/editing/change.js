// One proposal: what it changes, how the answer would be, and the decision; or the conflict that stands in the way.

import { ask } from "../dialogs.js";
import { field, h, icon, refill, toast } from "../dom.js";
import { get, post } from "../api.js";
import { dayAndClock, languageName, t } from "../i18n.js";
import { titleOf } from "./catalogue.js";
import { conflictPart } from "./conflict.js";
import { acting, differenceList, findingList, languageTab, notice, previewOf, tabList } from "./parts.js";
import { names, problemText } from "./words.js";

export function changePage(room, id) {
  const page = h("div", { class: "page" });
  let seen = null;
  let language = null;

  async function load() {
    if (!seen) refill(page, h("p", { class: "empty", role: "status" }, t("articles.loading")));
    try {
      await room.known();
      seen = await get(`/articles/changes/${encodeURIComponent(id)}`);
    } catch (error) {
      if (error.status === 401) return;
      refill(page, h("div", { class: "nothing" }, h("p", { role: "alert" }, problemText(error)), acting(t("articles.retry"), load), back()));
      return;
    }
    draw();
  }

  const back = () => h("a", { class: "tool", href: "#/articles/changes" }, icon("back"), t("articles.changes"));
  const step = (name, body = {}) => post(`/articles/changes/${encodeURIComponent(id)}/${name}`, { version: seen.change.version, ...body });
  // Whatever a refusal says, the page shows what holds now.
  const failed = () => load();

  async function publish() {
    await step("publish");
    toast(t("change.published"), "good");
    room.count();
    await room.known({ anew: true }).catch(() => {});
    room.visit(seen.change.article_id);
  }

  async function reject() {
    const { name } = seen.change.author;
    const note = h("textarea", { rows: "4", maxlength: "2000", minlength: "3", required: true });
    const body = await ask({ title: t("change.reject_title"), submit: t("change.reject_submit"), style: "danger", collect: () => ({ note: note.value.trim() }) }, field(t("change.reject_note", { name }), note));
    if (!body) return;
    await step("reject", body);
    toast(t("change.rejected", { name }), "good");
    room.count();
    room.visit("changes");
  }

  async function withdraw() {
    await step("withdraw");
    room.visit(`${seen.change.article_id}/edit`);
  }

  async function rebase(article) {
    await step("rebase", { article });
    toast(t("conflict.done"), "good");
    room.visit(`${seen.change.article_id}/edit`);
  }

  function draw() {
    const { change, conflict } = seen;
    const open = change.state === "proposed";
    refill(page,
      h("div", { class: "page-head" }, back(),
        h("div", { class: "page-title" }, h("h1", {}, change.title || titleOf(change.article_id)),
          h("p", { class: "hint" }, `${t(`kind.${change.kind}`)} · ${t(`step.${change.state}`)} · ${t("changes.by", { name: change.author.name, time: dayAndClock(change.updated_at) })}`)),
        h("div", { class: "actions" },
          open && !change.mine && acting(t("change.publish"), publish, { style: "primary", drawn: "check", failed }),
          open && !change.mine && acting(t("change.reject"), reject, { style: "danger", failed }),
          open && change.mine && acting(t("change.withdraw"), withdraw, { drawn: "undo", failed }),
          change.state === "draft" && !conflict && h("a", { class: "tool strong-tool", href: `#/articles/${change.article_id}/edit` }, icon("pen"), t("change.edit")),
          change.kind !== "new" || change.state === "published" ? h("a", { class: "tool", href: `#/articles/${change.article_id}` }, icon("book"), t("change.article")) : null)),
      change.reason && h("p", { class: "reason-line" }, h("strong", {}, `${t("change.reason")}: `), change.reason),
      change.decided_by && h("p", { class: "hint" }, `${t(`step.${change.state}`)}: ${t("change.decided_by", { name: change.decided_by, time: dayAndClock(change.decided_at) })}`),
      change.decision_note && notice("bad", h("p", {}, h("strong", {}, `${t("change.note")}: `), change.decision_note)),
      open && change.mine && notice("accent", t("change.own")),
      open && !conflict && seen.valid === false && notice("bad", t("change.faults")),
      seen.stale?.length > 0 && notice("warm", t("change.stale", { languages: names(seen.stale.map((code) => languageName(code, { inSentence: true }))) })),
      conflict && conflictPart({ conflict, mine: change.mine, rebase, failed }),
      h("div", { class: "two" },
        h("section", { class: "card" }, h("h2", {}, t("change.what")), seen.changes.length ? differenceList(seen.changes) : h("p", { class: "empty" }, t("change.nothing"))),
        seen.preview && h("div", { class: "column" },
          h("section", { class: "card" }, h("h2", {}, t("change.preview")), previewPart()),
          h("section", { class: "card" }, h("h2", {}, t("article.findings")), findingList(seen.findings)))));
  }

  function previewPart() {
    const codes = Object.keys(seen.preview);
    if (!codes.length) return h("p", { class: "empty" }, t("web.empty"));
    const touched = seen.changes.map((change) => change.field.split(".")[1]).find((code) => codes.includes(code));
    language ??= touched ?? codes[0];
    const article = seen.article ?? seen.change.content.article;
    return [
      tabList({ label: t("article.language"), chosen: language, choose: (code) => { language = code; draw(); }, tabs: codes.map((code) => languageTab(code, null)) }),
      h("div", { id: "tab-panel", role: "tabpanel", "aria-labelledby": `tab-${language}`, tabindex: "0", class: "panel" }, previewOf(seen.preview[language], article, language)),
    ];
  }

  load();
  return { element: page, title: t("change.title") };
}
