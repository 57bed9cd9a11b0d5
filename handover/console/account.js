import { get, post } from "./api.js";
import { field, h, toast } from "./dom.js";
import { dayAndClock, t } from "./i18n.js";

/** The own account: second factor, and where it is logged in. `again` is called when what the login allows has changed. */
export function accountView({ me, login, again }) {
  const factor = h("section", { class: "card" });
  const sessions = h("section", { class: "card" });
  const failed = (error) => error.status !== 401 && toast(error.status === 0 ? t("offline") : t("error.unknown", { message: error.message }), "bad");

  function codeForm(label, submit, key, act) {
    const code = h("input", { type: "text", name: "code", autocomplete: "one-time-code", required: true, maxlength: "40", spellcheck: "false" });
    const fault = h("p", { class: "fault", role: "alert" });
    return h("form", { class: "stack", novalidate: true, onsubmit: async (event) => {
      event.preventDefault();
      fault.textContent = "";
      try {
        await act(code.value.trim());
      } catch (error) {
        if (error.code !== "bad_code") return failed(error);
        fault.textContent = t("factor.bad_code");
        code.value = "";
        code.focus();
      }
    } }, field(label, code), fault, h("button", { class: key, type: "submit" }, submit));
  }

  function drawFactor() {
    const title = h("h2", {}, t("factor.title"));
    if (login.method === "oidc") return factor.replaceChildren(title, h("p", {}, t("factor.external")));
    if (me.second_factor) {
      const remove = async (code) => { await post("/me/second-factor/remove", { code }); toast(t("factor.removed"), "good"); await again(); };
      return factor.replaceChildren(title, h("p", {}, t("factor.on")), codeForm(t("factor.remove_code"), t("factor.remove"), "danger", remove));
    }
    factor.replaceChildren(title, h("p", {}, t(login.must_enrol ? "factor.must" : "factor.off")),
      h("button", { class: "primary", type: "button", onclick: () => begin().catch(failed) }, t("factor.begin")));
  }

  async function begin() {
    const { secret, qr } = await post("/me/second-factor");
    const confirm = async (code) => showRecovery((await post("/me/second-factor/confirm", { code })).recovery_codes);
    factor.replaceChildren(h("h2", {}, t("factor.title")), h("p", {}, t("factor.scan")),
      h("img", { src: qr, alt: t("factor.qr"), width: "240", height: "240" }),
      h("dl", { class: "pairs" }, h("dt", {}, t("factor.secret")), h("dd", {}, h("code", {}, secret.match(/.{1,4}/g).join(" ")))),
      codeForm(t("factor.code"), t("factor.confirm"), "primary", confirm));
    factor.querySelector("input").focus();
  }

  function showRecovery(codes) {
    const heading = h("h2", { tabindex: "-1" }, t("factor.recovery"));
    factor.replaceChildren(heading, h("p", {}, t("factor.recovery_lead")),
      h("ul", {}, codes.map((code) => h("li", {}, h("code", {}, code)))),
      h("button", { class: "primary", type: "button", onclick: again }, t("factor.saved")));
    heading.focus();
  }

  async function drawSessions() {
    const { sessions: list } = await get("/me/sessions");
    const end = async (one) => { await post(`/me/sessions/${one.id}/end`).then(() => toast(t("account.ended"), "good"), failed); await drawSessions(); };
    sessions.replaceChildren(h("h2", {}, t("account.sessions")), h("p", {}, t("account.sessions_lead")),
      h("div", { class: "table-slot", tabindex: "0", role: "region", "aria-label": t("account.sessions") }, h("table", {},
        h("thead", {}, h("tr", {}, ["account.client", "account.method", "account.since", "account.seen", "account.end"].map((key) => h("th", { scope: "col" }, t(key))))),
        h("tbody", {}, list.map((one) => h("tr", {}, h("th", { scope: "row" }, one.client || t("account.unknown")), h("td", {}, t(`method.${one.method}`)),
          h("td", {}, dayAndClock(one.created_at)), h("td", {}, dayAndClock(one.last_seen_at)),
          h("td", {}, one.current ? t("account.this") : h("button", { class: "small", type: "button", onclick: () => end(one) }, t("account.end")))))))));
  }

  drawFactor();
  if (!login.must_enrol) drawSessions().catch(failed);
  return h("main", { class: "admin", id: "main", tabindex: "-1" }, h("h1", {}, t("account")), factor, login.must_enrol ? null : sessions);
}
