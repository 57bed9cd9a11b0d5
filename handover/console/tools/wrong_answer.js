// "The bot answered wrongly": the question without the person, what would have been right, and why.

import { post } from "../api.js";
import { ask } from "../dialogs.js";
import { field, h, toast } from "../dom.js";
import { t } from "../i18n.js";
import { articleSearch, knowledgeFault } from "./articles.js";

export async function reportWrongAnswer({ handoverId, message, messages, language }) {
  const asked = messages.filter(({ author, seq }) => author === "citizen" && seq < message.seq).at(-1)?.text ?? "";
  const question = h("textarea", { rows: "2", maxlength: "500", required: true, dir: "auto", value: asked.slice(0, 500) });
  const note = h("textarea", { rows: "2", maxlength: "1000" });
  let proposed = null;
  const chosen = h("p", { class: "hint", role: "status" }, t("wrong.right_none"));
  const none = h("button", { class: "small", type: "button", hidden: true, onclick: () => {
    proposed = null;
    chosen.textContent = t("wrong.right_none");
    none.hidden = true;
    for (const button of search.element.querySelectorAll("[aria-pressed]")) button.setAttribute("aria-pressed", "false");
  } }, t("wrong.right_none"));
  const search = articleSearch({ language, label: t("wrong.search"), pick: (article) => {
    proposed = article.article_id;
    chosen.textContent = `${t("wrong.right")}: ${article.title}`;
    none.hidden = false;
  } });
  const collect = () => (question.value.trim() ? { seq: message.seq, question: question.value.trim(), note: note.value.trim(), proposed_article_id: proposed } : null);
  const body = await ask({ title: t("wrong.title"), lead: t("wrong.lead"), submit: t("wrong.submit"), collect },
    field(t("wrong.question"), question, t("wrong.question_hint")), search.element, chosen, none, field(t("wrong.note"), note));
  if (!body) return;
  try {
    await post(`/handovers/${handoverId}/reports`, body);
    toast(t("wrong.sent"), "good");
  } catch (error) {
    if (error.status !== 401) toast(knowledgeFault(error), "bad");
  }
}
