// An admin changes an account: role, queues, languages, capacity, skills, password; its logins and its second factor.

import { get, patch, post } from "../api.js";
import { ask } from "../dialogs.js";
import { field, h, toast } from "../dom.js";
import { dayAndClock, languageName, t } from "../i18n.js";

const LANGUAGES = ["sv", "en", "fi", "ar", "so", "fa", "bs", "es", "fr", "pl", "tr", "uk", "ku", "ckb", "ti"];
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** Resolves with whether something was saved. */
export async function changeAgent({ agent, me, directory, settings, failed }) {
  const lang = document.documentElement.lang;
  const name = h("input", { type: "text", value: agent.name, required: true, maxlength: "100" });
  const role = h("select", { disabled: agent.id === me.id }, ["agent", "supervisor", "editor", "admin"].map((value) => h("option", { value, selected: value === agent.role }, t(`role.${value}`))));
  const departments = h("select", { multiple: true, size: "5" }, directory.departments.map(({ key, name: names }) => h("option", { value: key, selected: agent.departments.includes(key) }, names[lang] ?? names.sv)));
  const codes = [...new Set([...LANGUAGES, ...agent.languages])];
  const languages = codes.map((code) => h("input", { type: "checkbox", value: code, checked: agent.languages.includes(code) }));
  const capacity = h("input", { type: "number", min: "1", max: "50", value: agent.capacity ?? "" });
  const skills = h("input", { type: "text", value: agent.skills.join(", "), maxlength: "300" });
  const password = h("input", { type: "password", autocomplete: "new-password" });
  const collect = () => {
    const given = {
      name: name.value.trim(), role: role.value, departments: [...departments.selectedOptions].map((option) => option.value),
      languages: languages.filter((box) => box.checked).map((box) => box.value),
    };
    const changes = Object.fromEntries(Object.entries(given).filter(([key, value]) => !same(value, agent[key])));
    if (password.value) changes.password = password.value;
    const profile = { capacity: capacity.value ? Number(capacity.value) : null, skills: skills.value.split(",").map((word) => word.trim().toLowerCase()).filter(Boolean) };
    return given.name ? { changes, profile: same(profile, { capacity: agent.capacity, skills: agent.skills }) ? null : profile } : null;
  };
  const made = await ask({ title: `${t("agent.edit")}: ${agent.name}`, submit: t("agent.save"), wide: true, collect },
    h("div", { class: "grid" }, field(t("admin.name"), name, t("admin.name_hint")), field(t("admin.role"), role), field(t("admin.departments"), departments, t("agent.departments_hint"))),
    h("fieldset", {}, h("legend", {}, t("agent.languages")), h("p", { class: "hint" }, t("agent.languages_hint")),
      h("div", { class: "checks" }, languages.map((box) => h("label", { class: "check" }, box, languageName(box.value))))),
    h("div", { class: "grid" }, field(t("agent.capacity"), capacity, t("agent.capacity_hint", { n: settings.capacity })), field(t("agent.skills"), skills, t("agent.skills_hint")),
      field(t("agent.password"), password, t("agent.password_hint"))),
    security(agent, me, failed));
  if (!made) return false;
  try {
    if (Object.keys(made.changes).length) await patch(`/agents/${agent.id}`, made.changes);
    if (made.profile) await post(`/agents/${agent.id}/routing`, made.profile);
    toast(t("agent.saved"), "good");
    return true;
  } catch (error) {
    failed(error);
    return true; // what was saved before the fault is shown
  }
}

/** Where the account is logged in, and its second factor. */
function security(agent, me, failed) {
  const slot = h("ul", { class: "plain-list" });
  async function load() {
    const { sessions } = await get(`/agents/${agent.id}/sessions`);
    slot.replaceChildren(...(sessions.length ? sessions.map((one) => h("li", { class: "line" }, h("span", {}, [one.client || t("account.unknown"), t(`method.${one.method}`), dayAndClock(one.last_seen_at)].join(" · ")),
      one.current ? h("span", { class: "hint" }, t("account.this")) : h("button", { class: "small", type: "button", "aria-label": `${t("account.end")}: ${one.client || t("account.unknown")}`, onclick: () => end(one) }, t("account.end"))))
      : [h("li", { class: "hint" }, t("agent.no_sessions"))]));
  }
  async function end(one) {
    await post(`/agents/${agent.id}/sessions/${one.id}/end`).then(() => toast(t("account.ended"), "good"), failed);
    await load().catch(failed);
  }
  const factor = h("div", {});
  const drawFactor = (has) => factor.replaceChildren(has && agent.id !== me.id ? h("button", { class: "small", type: "button", onclick: reset }, t("agent.reset_factor"))
    : h("p", { class: "hint", tabindex: "-1" }, t(has ? "factor.on" : "agent.no_factor")));
  async function reset() {
    try {
      await post(`/agents/${agent.id}/second-factor/reset`);
      toast(t("agent.reset_done"), "good");
      drawFactor(false);
      factor.firstChild.focus(); // the button that had it is gone
      await load(); // it has ended the account's logins
    } catch (error) {
      failed(error);
    }
  }
  drawFactor(agent.second_factor);
  load().catch(failed);
  return h("details", {}, h("summary", {}, t("agent.sessions")), slot, factor);
}
