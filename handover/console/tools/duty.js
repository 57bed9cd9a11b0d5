// A break that was not ended before logging out: it holds still, and the agent is asked once in each tab whether they are back.

import { ask } from "../dialogs.js";
import { t } from "../i18n.js";

const KEY = "fraga-duty";

/** What the agent says of themselves in this tab; null = logged out. */
export function said(duty) {
  if (duty === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, duty);
}

/** Asks, where the break is not from this tab. */
export async function askIfBack(desk) {
  const { duty } = desk;
  if (duty === "available" || sessionStorage.getItem(KEY) === duty) return;
  said(duty);
  const back = await ask({ title: t(`duty.still_${duty}`), lead: t("duty.still_lead"), submit: t("duty.back"), collect: () => ({}) });
  if (back) await desk.setDuty("available");
}
