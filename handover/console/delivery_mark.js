// How far a message to a phone has come, as a small sign under it.

import { h, icon } from "./dom.js";
import { t } from "./i18n.js";

const SIGNS = { pending: "clock", sending: "clock", sent: "check", delivered: "checks", read: "eye", failed: "alert", dead: "alert", ambiguous: "pause", cancelled: "stop" };
const IN_WORDS = new Set(["failed", "dead", "ambiguous", "cancelled"]); // what an agent must not overlook
const WITH_REASON = new Set(["failed", "dead"]);

/** The sign of a message that was pushed; null for one that was not. */
export function deliveryMark({ delivery }) {
  if (!delivery) return null;
  const { state, error } = delivery;
  const words = error && WITH_REASON.has(state) ? t("delivery.because", { what: t(`delivery.${state}`), why: error }) : t(`delivery.${state}`);
  if (IN_WORDS.has(state)) return h("p", { class: `delivery words ${state}`, title: error }, icon(SIGNS[state]), words);
  return h("p", { class: `delivery ${state}` }, h("span", { role: "img", "aria-label": words, title: words }, icon(SIGNS[state])));
}
