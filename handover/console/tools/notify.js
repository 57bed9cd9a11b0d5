// Notices on the computer's desktop. Off until the agent asks for them by a press; they never say what a citizen wrote.

import { toast } from "../dom.js";
import { t } from "../i18n.js";
import { prefer, preferences } from "../preferences.js";

/** Turns them on (the browser asks) or off. */
export async function toggleNotices() {
  if (preferences.notices) return prefer({ notices: false });
  const allowed = "Notification" in window && await Notification.requestPermission() === "granted";
  if (!allowed) return toast(t("notify.refused"), "bad");
  prefer({ notices: true });
}

/** `kind`: queue or message. Nothing while the agent looks at the console anyway. */
export function notice(kind) {
  if (!preferences.notices || document.visibilityState === "visible" && document.hasFocus()) return;
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  const shown = new Notification(t(`notify.${kind}`), { body: t("notify.body"), tag: `fraga-${kind}`, lang: preferences.language });
  shown.onclick = () => { window.focus(); shown.close(); };
}
