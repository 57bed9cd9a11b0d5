// Writing: a tab per language and one for the rest, checked and shown as it is written, saved as a draft, proposed at the end.

import { ask } from "../dialogs.js";
import { field, h, icon, refill, toast } from "../dom.js";
import { get, post } from "../api.js";
import { clock, languageName, t } from "../i18n.js";
import { catalogue, loadCatalogue, titleOf } from "./catalogue.js";
import { Draft } from "./draft.js";
import { factsForm } from "./facts_form.js";
import { Fields } from "./fields.js";
import { languageForm } from "./language_form.js";
import { acting, findingList, notice, previewOf, stateMark, tabList } from "./parts.js";
import { names, problemText } from "./words.js";

const CHECK_MS = 500;
const FACTS = "facts";

export function editPage(room, id, wantedTab) {
  const page = h("div", { class: "page edit-page" });
  const fields = new Fields();
  const aside = h("aside", { class: "column", "aria-label": t("edit.preview"), tabindex: "0" });
  const saving = h("p", { class: "saving", role: "status" });
  const counts = h("p", { class: "hint", role: "status" });
  const tabs = h("div", { class: "tab-slot" });
  const panel = h("div", { id: "tab-panel", role: "tabpanel", tabindex: "-1", class: "panel" });
  const notes = h("div", { class: "notes-slot" });
  let seen = null; // the article as it is, or null for one that is not published yet
  let draft = null;
  let checked = null;
  let tab = wantedTab || "sv";
  let form = null;
  let asked = 0;
  let timer;
  let restored = false;
  let differs = null; // text on this computer that another window's draft has left behind
  let stopped = false;

  const articleHref = () => (seen ? `#/articles/${id}` : "#/articles");

  async function load() {
    refill(page, h("p", { class: "empty", role: "status" }, t("articles.loading")));
    try {
      await room.known();
      await read();
    } catch (error) {
      if (error.status === 401) return;
      refill(page, h("div", { class: "nothing" }, h("p", { role: "alert" }, error.status === 404 ? t("article.not_found") : problemText(error)), acting(t("articles.retry"), load),
        h("a", { class: "tool", href: "#/articles" }, icon("back"), t("articles.back"))));
      return;
    }
    if (!stopped) build();
  }

  async function read() {
    let own;
    try {
      seen = await get(`/articles/${encodeURIComponent(id)}`);
      own = seen.draft;
      if (!seen.article) throw Object.assign(new Error(), { status: 409, code: "faulty_file" });
    } catch (error) {
      if (error.status !== 404) throw error;
      seen = null; // a new article is known by its draft only
      const { mine } = await get("/articles/changes");
      const found = mine.find((change) => change.article_id === id && change.state === "draft");
      if (!found) throw error;
      own = (await get(`/articles/changes/${found.id}`)).change;
    }
    const content = own
      ? { article: own.content.article, reviewed: own.content.reviewed, reason: own.reason, base_hash: own.base_hash, version: own.version, id: own.id }
      : { article: structuredClone(seen.article), reviewed: [], reason: "", base_hash: seen.hash, version: null, id: null };
    draft = new Draft({ owner: room.me.id, articleId: id, content, changed: drawSaving });
    const kept = draft.kept();
    if (kept && kept.version === draft.version && kept.base_hash === draft.base_hash) take(kept);
    else if (kept) differs = kept;
  }

  function take({ article, reviewed, reason }) {
    Object.assign(draft, { article, reviewed, reason });
    restored = true;
  }

  function codes() {
    const used = new Set(["sv", "en", ...["title", "answer", "short", "questions"].flatMap((name) => Object.keys(draft.article[name] ?? {}))]);
    const order = catalogue.languages.map(({ code }) => code);
    return [...used].sort((one, other) => order.indexOf(one) - order.indexOf(other));
  }

  function build() {
    const title = draft.article.title?.sv || titleOf(id);
    document.title = `${t("edit.title")}: ${title} – ${t("articles.title")}`;
    refill(page,
      h("div", { class: "page-head sticky" },
        h("a", { class: "tool", href: articleHref() }, icon("back"), t("edit.close")),
        h("div", { class: "page-title" }, h("h1", {}, `${t(seen ? "edit.title" : "edit.new")}: ${title}`), saving),
        h("div", { class: "actions" }, acting(t("edit.discard"), discard), acting(t("edit.propose"), propose, { style: "primary", drawn: "send", failed: proposeFailed }))),
      notes, tabs, h("div", { class: "two edit-two" }, h("div", { class: "card" }, panel), aside));
    drawNotes();
    drawSaving();
    show(tab === FACTS || codes().includes(tab) ? tab : "sv");
    if (restored) touched();
    else check();
  }

  function drawNotes() {
    const behind = seen && draft.base_hash !== seen.hash;
    const leftBehind = (checked?.stale ?? []).filter((code) => seen?.translations?.[code]?.state !== "stale");
    const mine = seen?.proposals?.find((change) => change.author.id === room.me.id);
    const others = seen?.proposals?.filter((change) => change.author.id !== room.me.id) ?? [];
    refill(notes,
      draft.state === "moved" && notice("bad", h("p", {}, t("edit.moved")), h("div", { class: "actions" },
        acting(t("edit.moved_reload"), async () => { draft.drop(); draft.dirty = false; await load(); }), acting(t("edit.moved_keep"), async () => { await draft.keepMine(); drawNotes(); }))),
      differs && notice("warm", h("p", {}, t("edit.local_differs")), h("div", { class: "actions" },
        acting(t("edit.local_use"), async () => { take(differs); differs = null; build(); }), acting(t("edit.local_drop"), async () => { draft.drop(); differs = null; drawNotes(); }))),
      restored && notice("good", t("edit.draft_restored")),
      behind && draft.id && notice("warm", h("p", {}, t("edit.behind")), h("a", { href: `#/articles/changes/${draft.id}` }, t("edit.behind_open"))),
      mine && notice("accent", h("p", {}, t("edit.own_proposal")), h("a", { href: `#/articles/changes/${mine.id}` }, t("article.see"))),
      others.map((change) => notice("accent", h("p", {}, t("article.proposal_by", { name: change.author.name, reason: change.reason })), h("a", { href: `#/articles/changes/${change.id}` }, t("article.see")))),
      seen?.drafters?.length > 0 && notice("accent", t("article.drafters", { names: names(seen.drafters) })),
      leftBehind.length > 0 && notice("warm", t("edit.will_be_stale", { languages: names(leftBehind.map((code) => languageName(code, { inSentence: true }))) })));
  }

  function drawSaving() {
    const words = { none: "edit.none", unsaved: "edit.unsaved", saving: "edit.saving", offline: "edit.not_saved", moved: "problem.draft_moved" };
    if (draft.state === "saved") saving.textContent = draft.savedAt ? t("edit.saved", { time: clock(draft.savedAt) }) : t("step.draft");
    else saving.textContent = draft.state === "refused" ? problemText(draft.problem) : t(words[draft.state]);
    saving.className = `saving ${["offline", "moved", "refused"].includes(draft.state) ? "bad" : ""}`;
    if (draft.state === "moved") drawNotes();
  }

  function drawTabs() {
    const faults = (test) => checked?.findings.filter((finding) => finding.fault && test(finding.field.split(".")[1])).length ?? 0;
    const known = new Set(codes());
    const mark = (n, state) => (n ? h("span", { class: "badge" }, String(n), h("span", { class: "unseen" }, ` ${t("mark.faults", { n: "" }).trim()}`)) : state);
    const list = tabList({ label: t("edit.tabs"), chosen: tab, choose: show, tabs: [
      ...[...known].map((code) => {
        const state = code === "sv" ? null : checked?.stale.includes(code) ? "stale" : draft.reviewed.includes(code) ? "reviewed" : seen?.translations?.[code]?.state;
        return { key: code, text: languageName(code), mark: mark(faults((own) => own === code), stateMark(state)) };
      }),
      { key: FACTS, text: t("edit.facts"), mark: mark(faults((own) => !known.has(own)), null) },
    ] });
    const missing = catalogue.languages.filter(({ code }) => !known.has(code));
    refill(tabs, list, missing.length > 0 && h("select", { "aria-label": t("edit.add_language"), dataset: { focus: "add language" }, onchange: (event) => {
      const code = event.target.value;
      if (!code) return;
      draft.article.title = { ...draft.article.title, [code]: "" };
      show(code);
      fields.focus(`title.${code}`);
    } }, h("option", { value: "" }, `${t("edit.add_language")} …`), missing.map(({ code }) => h("option", { value: code }, languageName(code)))));
  }

  function show(chosen) {
    tab = chosen;
    form?.stop();
    fields.clear();
    history.replaceState(null, "", `#/articles/${id}/edit/${tab}`);
    drawTabs();
    panel.setAttribute("aria-labelledby", `tab-${tab}`);
    form = tab === FACTS ? factsForm({ draft, fields, codes: codes(), touched })
      : languageForm({ draft, fields, code: tab, translation: seen?.translations?.[tab], touched });
    panel.replaceChildren(form.element);
    drawChecked();
  }

  function touched() {
    draft.touch();
    clearTimeout(timer);
    timer = setTimeout(check, CHECK_MS);
  }

  async function check() {
    const number = ++asked;
    try {
      const answer = await post("/articles/check", { article: draft.article, reviewed: draft.reviewed });
      if (number !== asked || stopped) return;
      checked = answer;
      drawTabs();
      drawNotes();
      drawChecked();
    } catch (error) {
      if (number === asked && error.status !== 401 && !stopped) counts.textContent = t("edit.check_failed");
    }
  }

  function drawChecked() {
    const findings = checked?.findings ?? [];
    const faults = findings.filter(({ fault }) => fault).length;
    fields.show(findings);
    counts.textContent = !checked ? "" : findings.length ? t("edit.counts", { faults, warnings: findings.length - faults }) : t("edit.counts_none");
    const code = tab === FACTS ? "sv" : tab;
    const known = new Set(codes());
    const here = findings.filter(({ field: name }) => (tab === FACTS ? !known.has(name.split(".")[1]) : name.split(".")[1] === tab));
    const elsewhere = findings.length - here.length;
    refill(aside,
      h("section", { class: "card" }, h("h2", {}, t("edit.preview")), checked && previewOf(checked.preview[code], draft.article, code)),
      h("section", { class: "card" }, h("h2", {}, t("article.findings")), counts, checked && (here.length || !elsewhere) ? findingList(here) : null,
        elsewhere > 0 && h("p", { class: "hint" }, t("edit.elsewhere", { n: elsewhere }))));
  }

  async function propose() {
    await draft.save();
    if (draft.unsaved || draft.state === "moved") throw draft.problem ?? Object.assign(new Error(), { status: 0 });
    if (!draft.id) return toast(t("problem.nothing_changed"), "bad");
    await check();
    const faults = checked?.findings.filter(({ fault }) => fault) ?? [];
    if (faults.length) {
      toast(t("propose.faults", { n: faults.length }), "bad");
      return goTo(faults[0].field);
    }
    const reason = h("textarea", { rows: "3", maxlength: "500", minlength: "3", required: true, value: draft.reason });
    const body = await ask({ title: t("propose.title"), lead: t("propose.lead"), submit: t("propose.submit"), collect: () => ({ reason: reason.value.trim() }) }, field(t("propose.reason"), reason, t("propose.reason_hint")));
    if (!body) return;
    const change = await post(`/articles/changes/${draft.id}/propose`, { version: draft.version, ...body });
    toast(t("propose.done"), "good");
    room.count();
    loadCatalogue().catch(() => {});
    room.visit(`changes/${change.id}`);
  }

  async function proposeFailed(error) {
    if (error.code === "conflict") room.visit(`changes/${draft.id}`);
    if (error.code === "moved") await load();
  }

  function goTo(name) {
    const code = name.split(".")[1];
    show(codes().includes(code) ? code : FACTS);
    fields.focus(name);
  }

  async function discard() {
    const body = await ask({ title: t("discard.title"), lead: t("discard.lead"), submit: t("discard.submit"), style: "danger", collect: () => ({}) });
    if (!body) return;
    clearTimeout(draft.timer);
    while (draft.running) await draft.running;
    if (draft.id) await post(`/articles/changes/${draft.id}/discard`, { version: draft.version });
    draft.dirty = false;
    draft.drop();
    toast(t("discard.done"), "good");
    loadCatalogue().catch(() => {});
    room.visit(seen ? id : "");
  }

  load();
  return {
    element: page,
    title: t("edit.title"),
    isUnsaved: () => draft?.unsaved ?? false,
    settle: () => draft?.save(),
    stop: () => { stopped = true; clearTimeout(timer); form?.stop(); draft?.stop(); },
    shortcut: (event) => {
      if (!draft || !(event.ctrlKey || event.metaKey) || document.querySelector("dialog[open]")) return;
      if (event.key === "s") { event.preventDefault(); draft.save(); }
      if (event.key === "Enter") { event.preventDefault(); page.querySelector(".actions .primary")?.click(); }
    },
  };
}
