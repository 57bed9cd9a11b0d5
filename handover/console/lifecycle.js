// What can be done with a conversation besides writing: which of it, its key, its question to the agent, its address.

import { fromField, toField, tomorrow } from "./city_time.js";
import { ask, closeDialog, returnDialog, select, transferDialog } from "./dialogs.js";
import { field, h } from "./dom.js";
import { dayAndClock, t, tOr } from "./i18n.js";

const HELD = ["claimed", "snoozed", "closing"];
const MINUTE = 60_000;

const own = ({ handover, me }) => handover.claimed_by?.id === me.id;
const has = (state) => (at) => own(at) && at.handover.state === state;
const supervises = ({ me }) => me.role === "supervisor" || me.role === "admin";

/** In the order of the buttons. `stays`: the conversation is still the agent's to look at afterwards. */
export const ACTIONS = {
  transfer: { key: "KeyT", icon: "pass", may: has("claimed"), ask: ({ directory, me, handover }) => transferDialog(directory, me, handover) },
  number: { key: "KeyB", icon: "phone", path: "contact", may: (at) => has("claimed")(at) && !at.contact?.some(({ kind }) => kind === "phone"), ask: sure("number"), stays: true },
  snooze: { key: "KeyZ", icon: "moon", may: has("claimed"), ask: snoozeDialog },
  schedule: { key: "KeyP", icon: "clock", may: has("claimed"), ask: scheduleDialog },
  return: { key: "KeyR", icon: "back", may: has("claimed"), ask: returnDialog },
  close: { key: "KeyX", icon: "check", style: "strong", may: has("claimed"), ask: ({ directory }) => closeDialog(directory), stays: true },
  resume: { key: "KeyA", icon: "undo", may: (at) => has("snoozed")(at) || has("closing")(at), stays: true },
  disagree: { key: "KeyA", icon: "undo", path: "resume", may: (at) => at.handover.state === "closing" && !own(at), ask: sure("disagree") },
  confirm: { key: "KeyG", icon: "checks", path: "close/confirm", style: "strong", may: (at) => at.handover.state === "closing" && !own(at), ask: (at) => sure(at.handover.returning ? "confirm_return" : "confirm")(at) },
  take_over: { key: "KeyO", icon: "agent", path: "take-over", may: (at) => supervises(at) && HELD.includes(at.handover.state) && !own(at), ask: sure("take_over"), stays: true },
  pull: { key: "KeyO", icon: "agent", may: (at) => at.handover.state === "returned" && (own(at) || supervises(at)), ask: sure("pull"), stays: true },
  reopen: { key: "KeyO", icon: "undo", may: (at) => at.handover.state === "closed" && (own(at) || supervises(at)), ask: sure("reopen"), stays: true },
};

/** The names of what this agent may do now. */
export const possible = (at) => Object.keys(ACTIONS).filter((kind) => ACTIONS[kind].may(at));

/** A question with no answer but yes: what follows concerns somebody else as well. */
function sure(kind) {
  return ({ handover }) => ask({
    title: t(`${kind}.title`), submit: t(`${kind}.submit`), collect: () => ({}),
    lead: t(`${kind}.lead`, { name: handover.claimed_by?.name ?? "", reason: tOr(`reason_close.${handover.end_reason}`, handover.end_reason ?? "") }),
  });
}

function snoozeDialog({ directory }) {
  const own = h("input", { type: "datetime-local", min: toField(new Date()), value: toField(new Date(Date.now() + 60 * MINUTE)) });
  const ownField = field(t("snooze.own_time"), own);
  ownField.hidden = true;
  const until = select([
    { value: "30", text: t("snooze.in_minutes", { n: 30 }) }, { value: "60", text: t("snooze.in_minutes", { n: 60 }) },
    { value: "180", text: t("snooze.in_hours", { n: 3 }) }, { value: "tomorrow", text: t("snooze.tomorrow") }, { value: "own", text: t("snooze.own") },
  ]);
  until.addEventListener("change", () => { ownField.hidden = until.value !== "own"; });
  const reason = select((directory.snooze_reasons ?? []).map((value) => ({ value, text: tOr(`reason_snooze.${value}`, value) })));
  const chosen = () => until.value === "own" ? fromField(own.value) : until.value === "tomorrow" ? tomorrow(9) : new Date(Date.now() + Number(until.value) * MINUTE);
  const collect = () => chosen() && { until: chosen().toISOString(), reason: reason.value };
  return ask({ title: t("snooze.title"), lead: t("snooze.lead"), submit: t("snooze.submit"), collect }, field(t("snooze.until"), until), ownField, field(t("snooze.reason"), reason));
}

function scheduleDialog() {
  const due = h("input", { type: "datetime-local", required: true, min: toField(new Date()), value: toField(tomorrow(10)) });
  const kind = select(["call_back", "written"].map((value) => ({ value, text: t(`due.${value}`) })));
  const collect = () => fromField(due.value) && { due_at: fromField(due.value).toISOString(), kind: kind.value };
  return ask({ title: t("schedule.title"), lead: t("schedule.lead"), submit: t("schedule.submit"), collect }, field(t("schedule.kind"), kind), field(t("schedule.due"), due));
}

/** What stands in the field's place while nobody can write, or null. */
export function standing({ handover, me }) {
  const when = handover.due_at && dayAndClock(handover.due_at), name = handover.claimed_by?.name ?? "";
  if (handover.state === "scheduled") return t("conversation.scheduled", { when });
  if (handover.state === "snoozed" && own({ handover, me })) return t("conversation.asleep", { when });
  if (handover.state === "closing") return t(`conversation.${handover.returning ? "returning" : "closing"}_${own({ handover, me }) ? "own" : "other"}`, { name });
  return null;
}
