// One conversation for the registrar: found, copied, kept from deletion.

import { get, post } from "../api.js";
import { field, h, refill, toast } from "../dom.js";
import { dayAndClock, t } from "../i18n.js";

export function recordsCard(failed) {
  const named = h("input", { type: "text", maxlength: "32", autocomplete: "off", spellcheck: "false" });
  const day = h("input", { type: "date" });
  const list = h("div", { role: "status" });

  async function search() {
    const query = new URLSearchParams({ ...(named.value.trim() ? { named: named.value.trim() } : {}), ...(day.value ? { day: day.value } : {}) });
    if (!query.size) return toast(t("records.give"), "bad");
    try {
      draw((await get(`/records?${query}`, { pressed: true })).conversations);
    } catch (error) {
      failed(error);
    }
  }

  function draw(found) {
    refill(list, !found.length ? h("p", { class: "empty" }, t("records.none"))
      : h("div", { class: "table-slot", tabindex: "0", role: "region", "aria-label": t("records.found") }, h("table", {},
        h("thead", {}, h("tr", {}, ["records.began", "records.channel", "overview.topic", "records.messages", "records.copy", "records.held"].map((key) => h("th", { scope: "col" }, t(key))))),
        h("tbody", {}, found.map(row)))));
  }

  function row(one) {
    const began = dayAndClock(one.started_at);
    const copy = (form) => h("a", { href: `/desk/v1/records/${one.id}?form=${form}`, download: "", "aria-label": `${t(`records.${form}`)}: ${began}` }, t(`records.${form}`));
    const reference = h("input", { type: "text", maxlength: "64", "aria-label": `${t("records.reference")}: ${began}`, placeholder: t("records.reference"), value: one.held ?? "", disabled: Boolean(one.held) });
    async function hold(event) {
      event.preventDefault();
      if (!one.held && !reference.value.trim()) return toast(t("records.give_reference"), "bad");
      try {
        const { held } = await post(`/records/${one.id}/hold`, { reference: one.held ? null : reference.value.trim() });
        toast(t(held ? "records.holds" : "records.released"), "good");
        const fresh = row({ ...one, held });
        line.replaceWith(fresh);
        fresh.querySelector("button").focus();
      } catch (error) {
        failed(error);
      }
    }
    const line = h("tr", {}, h("th", { scope: "row" }, began), h("td", {}, one.channel), h("td", { dir: "auto" }, one.topic ?? ""), h("td", {}, String(one.messages)),
      h("td", {}, h("div", { class: "actions" }, copy("html"), copy("json"))),
      h("td", {}, h("form", { class: "actions", onsubmit: hold }, reference, h("button", { class: "small", type: "submit", "aria-label": `${t(one.held ? "records.release" : "records.hold")}: ${began}` }, t(one.held ? "records.release" : "records.hold")))));
    return line;
  }

  return h("section", { class: "card" }, h("h2", {}, t("records.title")), h("p", { class: "lead" }, t("records.lead")),
    h("form", { class: "grid", onsubmit: (event) => { event.preventDefault(); search(); } },
      field(t("records.named"), named, t("records.named_hint")), field(t("records.day"), day),
      h("div", { class: "grid-foot" }, h("button", { class: "primary", type: "submit" }, t("tools.search")))),
    list);
}
