// Fields for a date and a time hold the city's clock, the one in the texts citizens get, wherever the agent's computer thinks it is.

import { timeZone } from "./i18n.js";

const DAY = 86_400_000;
const PARTS = new Intl.DateTimeFormat("en-GB", { timeZone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" });

/** A moment as a `datetime-local` field has it. */
export function toField(moment) {
  const part = Object.fromEntries(PARTS.formatToParts(moment).map(({ type, value }) => [type, value]));
  return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}`;
}

/** The moment that a field names, or null when it names none. In the hour that comes twice a year the first. */
export function fromField(value) {
  const named = Date.parse(`${value}Z`);
  if (Number.isNaN(named)) return null;
  const ahead = (moment) => Date.parse(`${toField(moment)}Z`) - Math.floor(moment / 60_000) * 60_000; // of UTC
  const before = named - ahead(named - DAY); // by the clock of the day before; right unless it has been changed since
  return new Date(ahead(before) === ahead(named - DAY) ? before : named - ahead(before));
}

/** Tomorrow at an hour. */
export function tomorrow(hour) {
  const today = Date.parse(`${toField(Date.now()).slice(0, 10)}T12:00Z`);
  return fromField(`${new Date(today + DAY).toISOString().slice(0, 10)}T${String(hour).padStart(2, "0")}:00`);
}
