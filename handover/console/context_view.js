import { post } from "./api.js";
import { field, h, icon } from "./dom.js";
import { clock, dayAndClock, languageName, percent, t, tOr } from "./i18n.js";
import { suggestedView, summaryView } from "./summary_view.js";

const drafts = new Map(); // handover id → a note being written

/** What is beside the conversation: in short, suggested answers, the facts, what the bot understood, the preview, notes, earlier handovers. */
export function contextView(desk) {
  const { context } = desk;
  return [callBack(context), summaryView(context), suggestedView(desk), about(context), understood(desk), preview(context), notes(desk), earlier(context)];
}

/** How to reach a citizen who wants to be called back; shown to whoever has the conversation. */
function callBack({ contact: left = [] }) {
  if (!left.length) return null;
  const reach = ({ kind, value }) => (value ? h("a", { href: `${kind === "phone" ? "tel" : "mailto"}:${value}`, dir: "ltr" }, value) : t("contact.hidden"));
  return part("contact.title", h("dl", { class: "pairs" }, left.map((one) => [h("dt", {}, t(`contact.${one.kind}`)), h("dd", {}, reach(one))])),
    h("p", { class: "hint" }, t("contact.until", { date: dayAndClock(left[0].expires_at) })));
}

function about({ handover, conversation }) {
  const facts = [
    ["context.number", handover.id.slice(0, 8).toUpperCase()],
    ["context.language", languageName(conversation.language)],
    ["context.department", handover.department_name],
    ["context.topic", handover.topic],
    ["context.reason", t(`reason.${handover.reason}`)],
    ["context.consent", t(`consent.${handover.consent}`)],
    ["context.channel", tOr(`channel.${conversation.channel}`, conversation.channel)],
    ["context.page", conversation.page_url],
    ["context.started", dayAndClock(conversation.started_at)],
  ];
  return part("context.about", h("dl", { class: "pairs" }, facts.filter(([, value]) => value).map(([key, value]) => [h("dt", {}, t(key)), h("dd", { dir: "auto" }, value)])));
}

function understood(desk) {
  const { turns } = desk.context;
  if (!turns.length) return part("context.understood", h("p", { class: "empty" }, t("context.nothing")));
  // Unless the agent chose one: the last message to which the knowledge base had something to say.
  const telling = turns.findLastIndex((turn) => turn.candidates.length > 0);
  const at = Math.min(desk.turn ?? (telling < 0 ? turns.length - 1 : telling), turns.length - 1);
  const turn = turns[at];
  const go = (to) => () => { desk.turn = to; desk.drawContext(); };
  const sure = turn.language_probability ? ` (${percent(turn.language_probability)})` : "";
  return part("context.understood",
    h("div", { class: "pager" },
      h("button", { class: "small", type: "button", disabled: at === 0, dataset: { focus: "turn before" }, onclick: go(at - 1) }, t("context.earlier_turn")),
      h("span", {}, t("context.message", { n: at + 1, of: turns.length })),
      h("button", { class: "small", type: "button", disabled: at === turns.length - 1, dataset: { focus: "turn after" }, onclick: go(at + 1) }, t("context.later_turn"))),
    h("blockquote", { lang: turn.language, dir: "auto" }, turn.text),
    h("dl", { class: "pairs" },
      h("dt", {}, t("context.intent")), h("dd", {}, tOr(`intent.${turn.intent}`, turn.intent), turn.signals?.[turn.intent] ? ` (${percent(turn.signals[turn.intent])})` : ""),
      h("dt", {}, t("context.language")), h("dd", {}, languageName(turn.language), sure),
      h("dt", {}, t("context.answered")), h("dd", {}, turn.answered_with.length ? turn.answered_with.map((id) => titleOf(turn, id)).join(", ") : t("context.no_answer"))),
    turn.entities?.length > 0 && h("p", { class: "hint" }, t("context.entities"), ": ", turn.entities.map(({ value }) => value).join(", ")),
    turn.candidates.length > 0 && h("h3", {}, t("context.candidates")),
    turn.candidates.length > 0 && h("ol", { class: "candidates" }, turn.candidates.map((candidate) => bar(candidate, turn.answered_with.includes(candidate.article_id)))));
}

const titleOf = (turn, id) => turn.candidates.find((candidate) => candidate.article_id === id)?.title ?? id;

function bar({ title, article_id: id, probability }, answered) {
  const filled = h("span", { class: "filled" });
  filled.style.inlineSize = `${Math.round(probability * 100)}%`;
  return h("li", { class: answered ? "answered" : "" },
    h("span", { class: "candidate-title", dir: "auto" }, title || id, answered && icon("check")),
    h("span", { class: "share" }, percent(probability)),
    h("span", { class: "track", "aria-hidden": "true" }, filled));
}

function preview({ preview: shown, handover }) {
  if (handover.consent !== "with_text") return null;
  return part("context.preview", shown.struck > 0 && h("p", { class: "hint" }, t("context.struck", { n: shown.struck })), h("details", { dataset: { keep: "preview" } },
    h("summary", {}, t("context.preview_lead", { n: shown.messages.length })),
    h("ol", { class: "preview" }, shown.messages.map((message) => h("li", {}, h("strong", {}, t(`author.${message.author}`)), " ", clock(message.created_at), h("p", { lang: message.language, dir: "auto" }, message.text))))));
}

function notes(desk) {
  const { notes: kept, handover } = desk.context;
  const text = h("textarea", { rows: "2", maxlength: "4000", dataset: { focus: "note" }, value: drafts.get(handover.id) ?? "", oninput: () => drafts.set(handover.id, text.value) });
  async function add(event) {
    event.preventDefault();
    if (!text.value.trim()) return;
    try {
      await post(`/handovers/${handover.id}/notes`, { text: text.value });
      drafts.delete(handover.id);
      await desk.loadContext();
    } catch (error) {
      desk.report(error);
    }
  }
  return part("context.notes",
    kept.length ? h("ul", { class: "notes" }, kept.map((note) => h("li", {}, h("p", { class: "by" }, h("strong", {}, note.author.name), h("time", { datetime: note.created_at }, dayAndClock(note.created_at))), h("p", { class: "words", dir: "auto" }, note.text)))) : h("p", { class: "empty" }, t("context.notes_none")),
    h("form", { class: "note-form", onsubmit: add }, field(t("context.note_label"), text, t("context.note_hint")), h("button", { class: "small", type: "submit", dataset: { focus: "note add" } }, t("context.note_add"))));
}

function earlier({ earlier: others }) {
  if (!others.length) return null;
  return part("context.earlier", h("ul", { class: "notes" }, others.map((other) => h("li", {}, h("strong", { dir: "auto" }, other.topic || t("queue.no_topic")), h("p", { class: "hint" }, [t(`state.${other.state}`), other.agent_name, other.queued_at && dayAndClock(other.queued_at)].filter(Boolean).join(" · "))))));
}

const part = (key, ...children) => h("section", { class: "part" }, h("h2", {}, t(key)), children);
