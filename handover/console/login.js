import { post } from "./api.js";
import { field, h } from "./dom.js";
import { t } from "./i18n.js";
import { prefer, preferences } from "./preferences.js";

/** The login page. `why` is a key of the texts when the agent was sent here, `entered` is called with the login. */
export function loginView({ why, entered, changed }) {
  const fault = h("p", { class: "fault", role: "alert" }, why ? t(why) : "");
  const email = h("input", { type: "email", name: "email", autocomplete: "username", required: true, autofocus: true });
  const password = h("input", { type: "password", name: "password", autocomplete: "current-password", required: true });
  const submit = h("button", { class: "primary wide", type: "submit" }, t("login.submit"));

  async function logIn(event) {
    event.preventDefault();
    submit.disabled = true;
    fault.textContent = "";
    try {
      await entered(await post("/login", { email: email.value, password: password.value }));
    } catch (error) {
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
      fault,
      submit),
    h("button", { class: "quiet", type: "button", lang: other, onclick: () => { prefer({ language: other }); changed(); } },
      other === "sv" ? "Svenska" : "English"));
}
