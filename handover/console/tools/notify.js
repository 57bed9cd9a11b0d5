// Notices on the computer's desktop. Off until the agent asks for them by a press; they never say what a citizen wrote.

import { toast } from "../dom.js";
import { t } from "../i18n.js";
import { chime, prefer, preferences } from "../preferences.js";

/** Turns them on (the browser asks) or off. */
export async function toggleNotices() {
  if (preferences.notices) return prefer({ notices: false });
  const allowed = "Notification" in window && await Notification.requestPermission() === "granted";
  if (!allowed) return toast(t("notify.refused"), "bad");
  prefer({ notices: true });
}

/**
 * Sound, and a notice that opens the conversation when it is pressed. On a break or away nothing rings.
 *
 * @param {Desk} desk
 * @param {string} [kind] queue, message or passed: what the notice says; none = sound alone
 * @param {string} [id] of the handover
 */
export function ring(desk, kind, id) {
  if (desk.duty !== "available") return;
  chime();
  if (kind) notice(kind, id, () => desk.open(id));
}

/** Rings for what is new in the queue as it is read now: who has come, and a citizen's words in an own conversation that is not open. */
export function ringFor(desk, handovers) {
  const known = new Map(desk.queue.map((handover) => [handover.id, handover]));
  const came = handovers.find(({ id, state }) => state === "queued" && !known.has(id));
  if (came) ring(desk, "queue", came.id);
  const unread = (one) => one.id !== desk.selected && desk.isMine(one) && one.unread > (known.get(one.id)?.unread ?? 0);
  for (const one of handovers.filter(unread)) ring(desk, "message", one.id);
}

/** Nothing while the agent looks at the console anyway. A newer one takes the place of the queue's, or of the same conversation's. */
function notice(kind, id, open) {
  if (!preferences.notices || document.visibilityState === "visible" && document.hasFocus()) return;
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  const shown = new Notification(t(`notify.${kind}`), { body: t("notify.body"), tag: kind === "queue" ? "fraga-queue" : `fraga-${id}`, lang: preferences.language });
  shown.onclick = () => {
    window.focus();
    shown.close();
    open();
  };
}
