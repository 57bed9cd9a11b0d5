import { get, post } from "./api.js";
import { field, h } from "./dom.js";
import { t } from "./i18n.js";
import { prefer, preferences } from "./preferences.js";

/** The login page. `why` is a key of the texts when the agent was sent here, `entered` is called with the login. */
export function loginView({ why, entered, changed }) {
  const fault = h("p", { class: "fault", role: "alert" }, why ? t(why) : "");
  const email = h("input", { type: "email", name: "email", autocomplete: "username", required: true, autofocus: true });
  const password = h("input", { type: "password", name: "password", autocomplete: "current-password", required: true });
  const code = h("input", { type: "text", name: "code", autocomplete: "one-time-code", autocapitalize: "off", spellcheck: "false", maxlength: "40" });
  const second = h("div", { hidden: true }, field(t("login.code"), code, t("login.code_hint")));
  const submit = h("button", { class: "primary wide", type: "submit" }, t("login.submit"));
  const oidc = h("p", { hidden: true }, h("a", { href: "/desk/v1/oidc/start" }, t("login.oidc")));
  get("/oidc").then(({ available }) => { oidc.hidden = !available; }, () => {});

  async function logIn(event) {
    event.preventDefault();
    submit.disabled = true;
    fault.textContent = "";
    try {
      await entered(await post("/login", { email: email.value, password: password.value, code: code.value.trim() || null }));
    } catch (error) {
      if (error.code === "code_required" || error.code === "bad_code") {
        second.hidden = false;
        fault.textContent = error.code === "bad_code" ? t("login.bad_code") : "";
        code.value = "";
        return code.focus();
      }
      const key = { 401: "login.wrong", 422: "login.wrong", 429: "login.locked" }[error.status];
      fault.textContent = key ? t(key) : t("offline");
      password.value = "";
      password.focus();
    } finally {
      submit.disabled = false;
    }
  }

  const other = preferences.language === "sv" ? "en" : "sv";
  return h("main", { class: "login", id: "main" },
    h("form", { class: "card", onsubmit: logIn, novalidate: true },
      h("p", { class: "brand" }, h("span", { class: "mark", "aria-hidden": "true" }), t("brand")),
      h("h1", {}, t("login.title")),
      h("p", { class: "lead" }, t("login.lead")),
      field(t("login.email"), email),
      field(t("login.password"), password),
      second,
      fault,
      submit, oidc),
    h("button", { class: "quiet", type: "button", lang: other, onclick: () => { prefer({ language: other }); changed(); } },
      other === "sv" ? "Svenska" : "English"));
}
