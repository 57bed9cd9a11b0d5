// Builds the page from elements and text nodes. Nothing a citizen or an agent wrote is ever parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An element. Props: `class`, `dataset`, `on…` listeners, booleans, everything else as an attribute. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "dataset") Object.assign(element.dataset, value);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A line icon, hidden from screen readers: a word always stands beside it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", focusable: "false" }))
    svg.setAttribute(key, value);
  for (const d of ICONS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

const ICONS = {
  clock: ["M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18z", "M12 7v5l3 2"],
  alert: ["M12 4L2.8 20h18.4z", "M12 10v4", "M12 17v.2"],
  person: ["M12 4a4 4 0 1 0 0 8a4 4 0 0 0 0-8z", "M4 21c0-4 4-6 8-6s8 2 8 6"],
  bot: ["M6 8h12a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2z", "M12 8V4", "M9 13v.5", "M15 13v.5"],
  agent: ["M4 14v-2a8 8 0 0 1 16 0v2", "M4 14h3v5H5a1 1 0 0 1-1-1z", "M20 14h-3v5h2a1 1 0 0 0 1-1z"],
  send: ["M4 12L20 4l-5 16-3-7z", "M12 13l8-9"],
  help: ["M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18z", "M9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7", "M12 17v.2"],
  gear: ["M4 7h10", "M18 7h2", "M16 5v4", "M4 17h4", "M12 17h8", "M10 15v4"],
  out: ["M10 4H5v16h5", "M14 8l4 4-4 4", "M18 12H9"],
  globe: ["M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18z", "M3 12h18", "M12 3c3 3 3 15 0 18", "M12 3c-3 3-3 15 0 18"],
  moon: ["M20 14a8 8 0 1 1-9-10a6 6 0 0 0 9 10z"],
  sound: ["M5 9v6h3l5 4V5L8 9z", "M16.5 9a4 4 0 0 1 0 6"],
  mute: ["M5 9v6h3l5 4V5L8 9z", "M17 10l4 4", "M21 10l-4 4"],
  back: ["M10 6L4 12l6 6", "M4 12h16"],
  check: ["M5 13l4 4L19 7"],
  pass: ["M4 8h13", "M13 4l4 4-4 4", "M20 16H7", "M11 12l-4 4 4 4"],
  note: ["M6 4h12v16H6z", "M9 9h6", "M9 13h6"],
  inbox: ["M4 13l3-8h10l3 8v6H4z", "M4 13h5l1 2h4l1-2h5"],
  book: ["M5 4h11a3 3 0 0 1 3 3v13H8a3 3 0 0 1-3-3z", "M5 17a3 3 0 0 1 3-3h11"],
  pen: ["M4 20l1-4L16 5l3 3L8 19z", "M14 7l3 3"],
  plus: ["M12 5v14", "M5 12h14"],
  undo: ["M9 7L4 12l5 5", "M4 12h11a5 5 0 0 1 0 10h-2"],
  stop: ["M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18z", "M6 6l12 12"],
  checks: ["M2 13l4 4L15 8", "M11 16l1.5 1.5L22 8"],
  eye: ["M2.5 12c2-4 5.5-6 9.5-6s7.5 2 9.5 6c-2 4-5.5 6-9.5 6s-7.5-2-9.5-6z", "M12 9.5a2.5 2.5 0 1 0 0 5a2.5 2.5 0 0 0 0-5z"],
  pause: ["M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18z", "M10 9v6", "M14 9v6"],
  parcel: ["M4 8l8-4 8 4v8l-8 4-8-4z", "M4 8l8 4 8-4", "M12 12v8"],
  phone: ["M5 4h4l2 5-2.5 1.5a11 11 0 0 0 5 5L15 13l5 2v4a2 2 0 0 1-2 2A16 16 0 0 1 3 6a2 2 0 0 1 2-2z"],
  bell: ["M6 17V11a6 6 0 0 1 12 0v6l2 2H4z", "M10 21h4"],
  search: ["M11 4a7 7 0 1 0 0 14a7 7 0 0 0 0-14z", "M16 16l5 5"],
  chart: ["M4 20h16", "M7 20v-8", "M12 20V6", "M17 20v-5"],
  reply: ["M4 5h16v11H10l-5 4v-4H4z", "M8 9h8", "M8 12h5"],
  lock: ["M6 11h12v9H6z", "M9 11V8a3 3 0 0 1 6 0v3"],
};

/** Replaces a container's children; focus and caret (by `data-focus`), open details (by `data-keep`) and scroll stay. */
export function refill(container, ...children) {
  const active = container.contains(document.activeElement) ? document.activeElement : null;
  const focused = active?.dataset.focus;
  const caret = active && "selectionStart" in active ? [active.selectionStart, active.selectionEnd] : null;
  const open = new Set([...container.querySelectorAll("details[open][data-keep]")].map((details) => details.dataset.keep));
  const scroll = container.scrollTop;
  container.replaceChildren(...children.flat(Infinity).filter(Boolean));
  for (const details of container.querySelectorAll("details[data-keep]")) details.open = open.has(details.dataset.keep);
  container.scrollTop = scroll;
  if (!focused) return;
  const again = container.querySelector(`[data-focus="${CSS.escape(focused)}"]`);
  again?.focus({ preventScroll: true });
  if (again && caret) again.setSelectionRange(...caret);
}

let numbered = 0;
/** A fresh id, to tie labels to fields. */
export const freshId = (prefix) => `${prefix}-${++numbered}`;

/** A labelled field: `control` gets the id that the label points to. */
export function field(label, control, hint = null) {
  control.id ||= freshId("field");
  const described = hint ? h("p", { class: "hint", id: freshId("hint") }, hint) : null;
  if (described) control.setAttribute("aria-describedby", described.id);
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control, described);
}

/** A short message at the edge of the window, read out by screen readers. */
export function toast(text, kind = "info") {
  const shown = h("div", { class: `toast ${kind}` }, text);
  document.getElementById("toasts").append(shown);
  setTimeout(() => shown.remove(), 8000);
}
