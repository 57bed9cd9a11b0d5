// The knowledge base's room: which page the address names, the number of proposals that wait, and what is not saved yet.

import { get } from "../api.js";
import { h, icon, refill } from "../dom.js";
import { t } from "../i18n.js";
import { articlePage } from "./article.js";
import { catalogue, loadCatalogue } from "./catalogue.js";
import { changePage } from "./change.js";
import { changesPage } from "./changes.js";
import { editPage } from "./edit.js";
import { helpDialog } from "./help.js";
import { listPage } from "./list.js";
import { newPage } from "./new.js";
import { reportsPage } from "./reports.js";

const COUNT_MS = 30_000;

export class ArticlesRoom {
  constructor(me) {
    this.me = me;
    this.page = null;
    this.counts = { to_decide: 0, mine: 0 };
    this.onKey = (event) => this.shortcut(event);
    this.onUnload = (event) => { if (this.page?.isUnsaved?.()) event.preventDefault(); };
    this.onSight = () => { if (document.visibilityState === "visible") this.count(); };
  }

  get mayEdit() {
    return ["editor", "admin"].includes(this.me.role);
  }

  view() {
    this.sections = h("nav", { class: "sections", "aria-label": t("articles.sections") });
    this.slot = h("div", { class: "page-slot" });
    document.addEventListener("keydown", this.onKey);
    addEventListener("beforeunload", this.onUnload);
    document.addEventListener("visibilitychange", this.onSight);
    if (this.mayEdit) {
      this.ticker = setInterval(this.onSight, COUNT_MS);
      this.count();
    }
    this.go();
    return h("main", { class: "articles", id: "main", tabindex: "-1" }, this.sections, this.slot);
  }

  stop() {
    this.page?.stop?.();
    this.page = null;
    clearInterval(this.ticker);
    document.removeEventListener("keydown", this.onKey);
    removeEventListener("beforeunload", this.onUnload);
    document.removeEventListener("visibilitychange", this.onSight);
  }

  /** Shows the page that the address names. */
  go() {
    this.page?.stop?.();
    const [first = "", second = "", third = ""] = location.hash.replace(/^#\/?articles\/?/, "").replace(/^#.*/, "").split("/").map(decodeURIComponent);
    this.place = ["new", "changes", "reports"].includes(first) ? first : "list";
    if (!first || !this.mayEdit && (this.place !== "list" || second === "edit")) this.page = listPage(this);
    else if (first === "new") this.page = newPage(this);
    else if (first === "reports") this.page = reportsPage(this);
    else if (first === "changes") this.page = second ? changePage(this, second) : changesPage(this);
    else if (second === "edit") this.page = editPage(this, first, third);
    else this.page = articlePage(this, first);
    this.drawSections();
    this.slot.replaceChildren(this.page.element);
    this.slot.scrollTop = 0;
    document.title = `${this.page.title ? `${this.page.title} – ` : ""}${t("articles.title")}`;
  }

  visit(path) {
    const hash = `#/articles${path ? `/${path}` : ""}`;
    if (location.hash === hash) this.go();
    else location.hash = hash;
  }

  /** The list and its tables; read once, and again when `anew`. */
  async known({ anew = false } = {}) {
    if (anew || !catalogue.loaded) await loadCatalogue();
    return catalogue;
  }

  drawSections() {
    const part = (name, path, text, n = 0) => h("a", { class: "section", href: `#/articles${path}`, "aria-current": this.place === name ? "page" : null, dataset: { focus: `section ${name}` } },
      text, n > 0 && h("span", { class: "count waiting" }, String(n)));
    refill(this.sections,
      part("list", "", t("articles.list")),
      this.mayEdit && part("changes", "/changes", t("articles.changes"), this.counts.to_decide),
      this.mayEdit && part("reports", "/reports", t("reports")),
      this.mayEdit && part("new", "/new", t("articles.new")),
      h("button", { class: "tool square", type: "button", title: t("articles.help"), "aria-label": t("articles.help"), dataset: { focus: "help" }, onclick: () => helpDialog() }, icon("help")));
  }

  async count() {
    if (!this.mayEdit) return;
    try {
      this.counts = await get("/articles/changes/counts");
      this.drawSections();
    } catch {
      // The next round counts again.
    }
  }

  /** Saves what is unsaved; what can't be saved waits on this computer. */
  async settle() {
    await this.page?.settle?.();
  }

  /** Whether the page may be left: everything is saved, or the editor leaves all the same. */
  async mayLeave() {
    if (!this.page?.isUnsaved?.()) return true;
    await this.page.settle();
    return !this.page.isUnsaved() || confirm(t("edit.leave"));
  }

  shortcut(event) {
    const writing = event.target.closest?.("input, textarea, select, dialog");
    if (event.key === "/" && !writing && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      if (this.page.focusSearch) this.page.focusSearch();
      else this.visit("");
    }
    this.page?.shortcut?.(event);
  }
}
