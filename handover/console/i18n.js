import { preferences } from "./preferences.js";
import { TEXTS } from "./texts.js";

/** A text of the console in the agent's language; `{name}` is filled from `params`. */
export function t(key, params = {}) {
  const text = TEXTS[preferences.language]?.[key] ?? TEXTS.sv[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => params[name] ?? whole);
}

/** A text that may be missing (names of intents, of reasons in the agent's own words): the key itself then. */
export function tOr(key, fallback) {
  return TEXTS[preferences.language]?.[key] ?? TEXTS.sv[key] ?? fallback;
}

/** A language's name, in the agent's language. */
export function languageName(code, { inSentence = false } = {}) {
  try {
    const name = new Intl.DisplayNames([preferences.language], { type: "language" }).of(code);
    return inSentence ? name : name.charAt(0).toLocaleUpperCase(preferences.language) + name.slice(1);
  } catch {
    return code;
  }
}

// The city's clock, the one in the texts citizens get, wherever the agent's computer thinks it is.
export const timeZone = "Europe/Stockholm";

export function clock(stamp) {
  return new Date(stamp).toLocaleTimeString(preferences.language, { timeZone, hour: "2-digit", minute: "2-digit" });
}

export function dayAndClock(stamp) {
  return new Date(stamp).toLocaleString(preferences.language, { timeZone, dateStyle: "medium", timeStyle: "short" });
}

/** How long somebody has waited, short. */
export function waited(seconds) {
  if (seconds < 60) return t("wait.seconds", { n: Math.max(0, Math.floor(seconds)) });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t("wait.minutes", { n: minutes });
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? t("wait.hours", { h: hours, m: minutes % 60 }) : t("wait.days", { n: Math.floor(hours / 24) });
}

export function percent(share) {
  return new Intl.NumberFormat(preferences.language, { style: "percent" }).format(share);
}
