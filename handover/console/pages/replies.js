// The canned replies as supervisors and admins edit them.

import { get, patch, post } from "../api.js";
import { ask } from "../dialogs.js";
import { field, h, icon, toast } from "../dom.js";
import { languageName, t } from "../i18n.js";
import { table } from "./overview.js";

export function repliesView({ departments: names }) {
  const slot = h("div", { class: "stack-wide" }, h("p", { class: "empty" }, t("tools.loading")));
  const page = h("main", { class: "admin replies", id: "main", tabindex: "-1" }, h("h1", {}, t("replies")), h("p", { class: "lead" }, t("replies.lead")), slot);
  const named = new Map(names.map(({ key, name }) => [key, name[document.documentElement.lang] ?? name.sv]));
  const failed = (error) => {
    if (error.status === 401) return;
    const key = { shortcut_taken: "replies.taken", changed: "replies.changed", unknown_variable: "replies.unknown", invalid: "replies.bad", swedish_missing: "replies.bad" }[error.code];
    toast(error.status === 0 ? t("offline") : t(key ?? "error.unknown", { message: error.message, list: error.details.variables?.map((name) => `{${name}}`).join(", ") }), "bad");
  };

  async function load(focus) {
    const known = await get("/replies");
    const may = known.may_edit_common || known.departments.length > 0;
    slot.replaceChildren(...[
      may && h("p", {}, h("button", { class: "primary", type: "button", dataset: { id: "new" }, onclick: () => edit(known, null) }, icon("plus"), t("replies.new"))),
      h("section", { class: "card" }, known.replies.length ? table("replies", ["replies.shortcut", "replies.title", "replies.department", "overview.languages", "replies.edit"],
        known.replies.map((reply) => [h("kbd", {}, `/${reply.shortcut}`), reply.title, reply.department ? named.get(reply.department) ?? reply.department : t("replies.all"), t("replies.languages", { n: Object.keys(reply.texts).length }),
          reply.editable ? h("div", { class: "actions" },
            h("button", { class: "small", type: "button", dataset: { id: reply.id }, "aria-label": `${t("replies.edit")}: ${reply.title}`, onclick: () => edit(known, reply) }, icon("pen"), t("replies.edit")),
            h("button", { class: "small", type: "button", "aria-label": `${t("replies.delete")}: ${reply.title}`, onclick: () => remove(reply) }, t("replies.delete"))) : t("overview.nothing")]))
        : h("p", { class: "empty" }, t("tools.no_replies"))),
    ].filter(Boolean));
    if (focus) (slot.querySelector(`[data-id="${focus}"]`) ?? slot.querySelector("[data-id=new]"))?.focus();
  }

  /** The form stays open with what was written until the server has taken it. */
  async function edit(known, reply, written = null) {
    const now = written ?? reply ?? { shortcut: "", title: "", department: known.may_edit_common ? null : known.departments[0], texts: {} };
    const shortcut = h("input", { type: "text", value: now.shortcut, required: true, maxlength: "32", autocapitalize: "off", spellcheck: "false" });
    const title = h("input", { type: "text", value: now.title, required: true, maxlength: "100" });
    const department = h("select", {}, known.may_edit_common && h("option", { value: "" }, t("replies.all")),
      known.departments.map((key) => h("option", { value: key, selected: key === now.department }, named.get(key) ?? key)));
    const texts = new Map(known.languages.map(({ code, dir }) => [code, h("textarea", { rows: "3", maxlength: "2000", lang: code, dir, required: code === "sv", value: now.texts[code] ?? "" })]));
    const others = known.languages.filter(({ code }) => code !== "sv");
    const collect = () => ({ shortcut: shortcut.value.trim(), title: title.value.trim(), department: department.value || null,
      texts: Object.fromEntries([...texts].map(([code, area]) => [code, area.value.trim()]).filter(([, text]) => text)) });
    const body = await ask({ title: reply ? `${t("replies.edit")}: ${reply.title}` : t("replies.new"), lead: t("replies.variables", { list: known.variables.map((name) => `{${name}}`).join(", ") }), submit: t("replies.save"), wide: true, collect },
      h("div", { class: "grid" }, field(t("replies.shortcut"), shortcut), field(t("replies.title"), title), field(t("replies.department"), department)),
      field(t("replies.text", { language: languageName("sv", { inSentence: true }) }), texts.get("sv")),
      h("details", { open: others.some(({ code }) => now.texts[code]) && others.length < 6 }, h("summary", {}, t("replies.other")),
        h("div", { class: "stack-wide" }, others.map(({ code }) => field(t("replies.text", { language: languageName(code, { inSentence: true }) }), texts.get(code))))));
    if (!body) return;
    try {
      const saved = await (reply ? patch(`/replies/${reply.id}`, { ...body, version: reply.version }) : post("/replies", body));
      toast(t("replies.saved"), "good");
      await load(saved.id);
    } catch (error) {
      failed(error);
      if (error.code === "changed") await load(reply.id).catch(() => {});
      else if (error.status !== 401) await edit(known, reply, body);
    }
  }

  async function remove(reply) {
    if (!(await ask({ title: `${t("replies.delete")}: ${reply.title}`, lead: t("replies.delete_lead"), submit: t("replies.delete"), style: "danger", collect: () => ({}) }))) return;
    try {
      await post(`/replies/${reply.id}/delete`);
      toast(t("replies.deleted"), "good");
    } catch (error) {
      if (error.status !== 404) failed(error);
    }
    await load("new").catch(failed);
  }

  load().catch(failed);
  return page;
}
