import { h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { chime, prefer, preferences } from "./preferences.js";
import { toggleNotices } from "./tools/notify.js";

const sign = (name, text, props) => h("button", { class: "tool square", type: "button", title: text, "aria-label": text, ...props }, icon(name));

const ROOMS = [
  { name: "desk", href: "#", sign: "inbox", roles: ["agent", "supervisor", "admin"] },
  { name: "overview", href: "#/overview", sign: "chart", roles: ["agent", "supervisor", "admin"] },
  { name: "articles", href: "#/articles", sign: "book", roles: ["agent", "supervisor", "editor", "admin"] },
  { name: "replies", href: "#/replies", sign: "reply", roles: ["supervisor", "admin"] },
  { name: "deliveries", href: "#/deliveries", sign: "parcel", roles: ["supervisor", "admin"] },
  { name: "admin", href: "#admin", sign: "gear", roles: ["admin"] },
];

/** The bar at the top. Everything but `me` and `leave` may be missing (for a role without a desk). */
export function header({ me, leave, bot, present, where = "desk", connected, help, duty, setDuty, closed = false, redraw = () => {} }) {
  const choose = (event) => { prefer({ [event.target.name]: event.target.value }); redraw(); };
  const option = (value, chosen, text, lang = null) => h("option", { value, selected: value === chosen, lang }, text);
  return h("header", { class: "bar" },
    h("p", { class: "brand" }, h("span", { class: "mark", "aria-hidden": "true" }), t("brand"), h("span", { class: "sub" }, t("brand.sub"))),
    h("div", { class: "signs" },
      bot && h("span", { class: `sign ${bot.enabled ? "good" : "bad"}`, title: bot.enabled ? "" : bot.reason }, icon("bot"), t(bot.enabled ? "bot.on" : "bot.off")),
      present !== undefined && h("span", { class: "sign" }, icon("person"), t("present", { n: present })),
      connected !== undefined && h("span", { class: `sign line ${connected ? "good" : "bad"}`, role: "status" },
        h("span", { class: "dot", "aria-hidden": "true" }), t(connected ? "connection.up" : "connection.down"))),
    duty && h("label", { class: `duty ${duty}` }, h("span", { class: "unseen" }, t("duty")), h("span", { class: "dot", "aria-hidden": "true" }),
      h("select", { name: "duty", dataset: { focus: "duty" }, onchange: (event) => setDuty(event.target.value) }, ["available", "break", "away"].map((value) => option(value, duty, t(`duty.${value}`))))),
    h("nav", { class: "tools", "aria-label": t("brand.sub") },
      ROOMS.filter(({ roles }) => !closed && roles.includes(me.role)).map(({ name, href, sign: drawn }) =>
        h("a", { class: "tool", href, "aria-current": name === where ? "page" : null }, icon(drawn), t(name))),
      h("select", { name: "language", "aria-label": t("menu.language"), onchange: choose },
        option("sv", preferences.language, "Svenska", "sv"), option("en", preferences.language, "English", "en")),
      h("select", { name: "theme", "aria-label": t("menu.theme"), onchange: choose },
        ["system", "light", "dark"].map((theme) => option(theme, preferences.theme, t(`theme.${theme}`)))),
      help && sign(preferences.sound ? "sound" : "mute", t("sound"), { "aria-pressed": String(preferences.sound), onclick: () => { prefer({ sound: !preferences.sound }); chime(); redraw(); } }),
      help && sign("bell", t("notify"), { "aria-pressed": String(preferences.notices), onclick: async () => { await toggleNotices(); redraw(); } }),
      help && sign("help", t("help"), { onclick: help }),
      h("a", { class: "tool who", href: "#account", "aria-current": where === "account" ? "page" : null }, me.name),
      h("button", { class: "tool", type: "button", onclick: leave }, icon("out"), t("logout"))));
}
