// The inbox: what waits for a decision, the editor's own drafts and proposals, what was decided last.

import { h, icon, refill } from "../dom.js";
import { get } from "../api.js";
import { dayAndClock, t } from "../i18n.js";
import { titleOf } from "./catalogue.js";
import { acting } from "./parts.js";
import { problemText } from "./words.js";

export function changesPage(room) {
  const page = h("div", { class: "page narrow" });

  async function load() {
    refill(page, h("h1", {}, t("articles.changes")), h("p", { class: "empty", role: "status" }, t("articles.loading")));
    try {
      await room.known();
      draw(await get("/articles/changes"));
    } catch (error) {
      if (error.status === 401) return;
      refill(page, h("h1", {}, t("articles.changes")), h("p", { role: "alert" }, problemText(error)), acting(t("articles.retry"), load));
    }
  }

  function draw({ to_decide: waiting, mine, decided }) {
    const part = (key, items, none) => h("section", { class: "card" }, h("h2", {}, t(`changes.${key}`), h("span", { class: `count ${key === "to_decide" && items.length ? "waiting" : ""}` }, String(items.length))),
      items.length ? h("ul", { class: "change-rows" }, items.map(changeRow)) : h("p", { class: "empty" }, icon("check"), t(`changes.${none}`)));
    refill(page, h("h1", {}, t("articles.changes")), part("to_decide", waiting, "none"), part("mine", mine, "none_mine"), part("decided", decided, "none_decided"));
    room.count();
  }

  load();
  return { element: page, title: t("articles.changes") };
}

function changeRow(change) {
  const href = change.state === "draft" ? `#/articles/${change.article_id}/edit` : `#/articles/changes/${change.id}`;
  const when = dayAndClock(change.decided_at ?? change.updated_at);
  return h("li", {},
    h("a", { class: "row-link", href }, change.title || titleOf(change.article_id)),
    change.reason && h("p", { class: "history-reason" }, change.reason),
    h("p", { class: "hint" }, `${t(`kind.${change.kind}`)} · ${t(`step.${change.state}`)} · ${t("changes.by", { name: change.decided_by ?? change.author.name, time: when })}`),
    change.decision_note && h("p", { class: "decision" }, change.decision_note));
}
