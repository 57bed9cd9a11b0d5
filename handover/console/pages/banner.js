// The notice that everybody sees who opens the chat.

import { get, post } from "../api.js";
import { fromField, toField } from "../city_time.js";
import { field, h, toast } from "../dom.js";
import { dayAndClock, languageName, t } from "../i18n.js";

export function bannerCard(failed) {
  const card = h("section", { class: "card" });

  function draw(known) {
    const areas = new Map(known.languages.map(({ code, dir }) => [code, h("textarea", { rows: "2", maxlength: "300", lang: code, dir, value: known.texts[code] ?? "" })]));
    const until = h("input", { type: "datetime-local", value: known.until ? toField(new Date(known.until)) : "" });
    async function save(body, done) {
      try {
        draw(await post("/banner", body));
        toast(t(done), "good");
        card.querySelector("textarea").focus();
      } catch (error) {
        const key = { past: "banner.past", swedish_missing: "banner.swedish" }[error.code];
        if (key) toast(t(key), "bad");
        else failed(error);
      }
    }
    const submit = (event) => {
      event.preventDefault();
      const texts = Object.fromEntries([...areas].map(([code, area]) => [code, area.value.trim()]).filter(([, text]) => text));
      if (!texts.sv) return toast(t("banner.swedish"), "bad");
      save({ texts, until: fromField(until.value)?.toISOString() ?? null }, "banner.saved");
    };
    const set = Object.keys(known.texts).length > 0;
    const state = set ? t(known.shown_now ? "banner.shown" : "banner.over") + (known.until ? ` (${dayAndClock(known.until)})` : "") : t("banner.none");
    card.replaceChildren(h("h2", {}, t("banner.title")), h("p", { class: "lead" }, t("banner.lead")), h("p", {}, h("span", { class: `sign ${known.shown_now ? "good" : ""}` }, state)),
      h("form", { class: "stack-wide", onsubmit: submit },
        ["sv", "en"].map((code) => field(t("banner.text", { language: languageName(code, { inSentence: true }) }), areas.get(code))),
        h("details", {}, h("summary", {}, t("replies.other")), h("div", { class: "stack-wide" }, known.languages.filter(({ code }) => code !== "sv" && code !== "en").map(({ code }) => field(t("banner.text", { language: languageName(code, { inSentence: true }) }), areas.get(code))))),
        field(t("banner.until"), until),
        h("div", { class: "actions" }, h("button", { class: "primary", type: "submit" }, t("banner.save")), set && h("button", { type: "button", onclick: () => save({ texts: {} }, "banner.removed") }, t("banner.remove")))));
  }

  get("/banner").then(draw).catch(failed);
  return card;
}
