import { get, patch, post } from "./api.js";
import { field, h, icon, toast } from "./dom.js";
import { dayAndClock, t } from "./i18n.js";
import { changeAgent } from "./pages/agent_dialog.js";
import { bannerCard } from "./pages/banner.js";
import { departmentsCard } from "./pages/departments.js";
import { hoursCard } from "./pages/hours.js";
import { recordsCard } from "./pages/records.js";

/** The administration: the bot's switch, staffing, accounts. */
export function adminView({ me, changed }) {
  const page = h("main", { class: "admin", id: "main", tabindex: "-1" }, h("h1", {}, t("admin")));
  const bot = h("section", { class: "card" });
  const agents = h("section", { class: "card" });
  const failed = (error) => {
    const key = { weak_password: "error.weak_password", exists: "error.exists" }[error.code] ?? "error.unknown";
    if (error.status !== 401) toast(error.status === 0 ? t("offline") : t(key, { message: error.message }), "bad");
  };
  page.append(bot, bannerCard(failed), hoursCard(failed), departmentsCard(failed), agents, recordsCard(failed));

  function drawBot(settings) {
    const reason = h("textarea", { rows: "2", maxlength: "300", required: true });
    const on = settings.bot.enabled;
    async function toggle(event) {
      event.preventDefault();
      if (!reason.value.trim()) return toast(t("reason.required"), "bad");
      try {
        drawBot(await post("/bot", { enabled: !on, reason: reason.value.trim() }));
        changed();
        bot.querySelector("textarea").focus();
      } catch (error) {
        failed(error);
      }
    }
    const opens = settings.next_opening ? t("admin.hours_closed", { when: dayAndClock(settings.next_opening) }) : t("admin.hours_never");
    bot.replaceChildren(
      h("h2", {}, t("admin.bot")),
      h("p", { class: "lead" }, t("admin.bot_lead")),
      h("dl", { class: "pairs" },
        h("dt", {}, t("admin.now")), h("dd", {}, h("span", { class: `sign ${on ? "good" : "bad"}` }, icon("bot"), t(on ? "bot.on" : "bot.off")), !on && settings.bot.reason ? ` ${settings.bot.reason}` : ""),
        h("dt", {}, t("admin.hours")), h("dd", {}, settings.staffed_now ? t("admin.hours_open") : opens)),
      h("form", { class: "stack", onsubmit: toggle }, field(t("admin.bot_reason"), reason, t("admin.bot_reason_hint")),
        h("button", { class: on ? "danger" : "primary", type: "submit" }, t(on ? "admin.bot_off" : "admin.bot_on"))));
  }

  function drawAgents(list, directory, settings) {
    const input = (type, name, more = {}) => h("input", { type, name, required: true, autocomplete: "off", ...more });
    const [name, email] = [input("text", "name", { maxlength: "100" }), input("email", "email")];
    const password = input("password", "password", { autocomplete: "new-password" });
    const role = h("select", { name: "role" }, ["agent", "supervisor", "editor", "admin"].map((value) => h("option", { value }, t(`role.${value}`))));
    const departments = h("select", { multiple: true, size: "5", name: "departments" }, directory.departments.map(({ key, name: names }) => h("option", { value: key }, names[document.documentElement.lang] ?? names.sv)));
    async function create(event) {
      event.preventDefault();
      try {
        await post("/agents", { name: name.value, email: email.value, password: password.value, role: role.value, departments: [...departments.selectedOptions].map((option) => option.value) });
        toast(t("admin.created"), "good");
        await load();
      } catch (error) {
        failed(error);
      }
    }
    async function setActive(agent) {
      try {
        await patch(`/agents/${agent.id}`, { active: !agent.active });
        await load();
      } catch (error) {
        failed(error);
      }
    }
    async function change(agent) {
      if (!(await changeAgent({ agent, me, directory, settings, failed }))) return;
      await load().catch(failed);
      changed();
    }
    const named = new Map(directory.departments.map(({ key, name: names }) => [key, names[document.documentElement.lang] ?? names.sv]));
    agents.replaceChildren(
      h("h2", {}, t("admin.agents")),
      h("div", { class: "table-slot", tabindex: "0", role: "region", "aria-label": t("admin.agents") }, h("table", {},
        h("thead", {}, h("tr", {}, ["admin.name", "admin.email", "admin.role", "admin.departments", "admin.presence", "admin.status", "admin.change"].map((key) => h("th", { scope: "col" }, t(key))))),
        h("tbody", {}, list.map((agent) => h("tr", {},
          h("th", { scope: "row" }, agent.name), h("td", {}, agent.email), h("td", {}, t(`role.${agent.role}`)),
          h("td", {}, agent.departments.map((key) => named.get(key) ?? key).join(", ") || t("admin.all")), h("td", {}, t(agent.present ? "yes" : "no")), h("td", {}, t(agent.active ? "admin.active" : "admin.inactive")),
          h("td", {}, h("div", { class: "actions" }, h("button", { class: "small", type: "button", "aria-label": `${t("agent.edit")}: ${agent.name}`, onclick: () => change(agent, directory, settings) }, t("replies.edit")),
            agent.id !== me.id && h("button", { class: "small", type: "button", "aria-label": `${t(agent.active ? "admin.deactivate" : "admin.activate")}: ${agent.name}`, onclick: () => setActive(agent) }, t(agent.active ? "admin.deactivate" : "admin.activate"))))))))),
      h("h3", {}, t("admin.new")),
      h("form", { class: "grid", onsubmit: create },
        field(t("admin.name"), name, t("admin.name_hint")), field(t("admin.email"), email), field(t("admin.password"), password, t("admin.password_hint", { n: settings.min_password_length })),
        field(t("admin.role"), role), field(t("admin.departments"), departments, t("admin.departments_hint")),
        h("div", { class: "grid-foot" }, h("button", { class: "primary", type: "submit" }, t("admin.create")))));
  }

  /** Accounts only: a form above, half filled in, is left alone. */
  async function load() {
    const [settings, { agents: list }, directory] = await Promise.all([get("/settings"), get("/agents"), get("/directory")]);
    drawBot(settings);
    drawAgents(list, directory, settings);
  }
  load().catch(failed);
  return page;
}
