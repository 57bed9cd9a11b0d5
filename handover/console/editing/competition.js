// Competing phrasings: whether each would find this article, or a neighbour instead.

import { h, icon, refill } from "../dom.js";
import { post } from "../api.js";
import { percent, t } from "../i18n.js";
import { dirOf } from "./catalogue.js";

const PAUSE_MS = 1500;
const AT_ONCE = 100;

export class Competition {
  constructor({ draft, code }) {
    Object.assign(this, { draft, code });
    this.known = new Map(); // phrasing → standing
    this.phrasings = [];
    this.onRemove = () => {};
    this.all = false;
    this.failed = false;
    this.waiting = 0;
    this.element = h("section", { class: "competition" });
  }

  /** Compares when the editor pauses. */
  later(phrasings) {
    this.phrasings = phrasings;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.compare(phrasings), PAUSE_MS);
  }

  /** Asks for the phrasings that are not known yet, a part at a time: the service answers citizens in between. */
  async compare(phrasings) {
    this.phrasings = phrasings;
    const fresh = phrasings.filter((phrasing) => phrasing.length <= 500 && !this.known.has(phrasing));
    this.waiting += 1;
    this.draw();
    try {
      for (let start = 0; start < fresh.length && !this.stopped; start += AT_ONCE) {
        const { article, articleId } = this.draft;
        const { phrasings: standings } = await post(`/articles/${encodeURIComponent(articleId)}/competition`, { language: this.code, phrasings: fresh.slice(start, start + AT_ONCE), article });
        for (const standing of standings) this.known.set(standing.phrasing, standing);
      }
      this.failed = false;
    } catch (error) {
      this.failed = error.status !== 401;
    }
    this.waiting -= 1;
    if (!this.stopped) this.draw();
  }

  draw() {
    const standings = this.phrasings.map((phrasing) => this.known.get(phrasing)).filter(Boolean);
    const losing = standings.filter((standing) => standing.neighbour_wins);
    const shown = this.all ? [...losing, ...standings.filter((standing) => !standing.neighbour_wins)] : losing;
    const state = this.failed ? t("edit.competition_failed") : this.waiting ? t("edit.competition_wait") : losing.length ? t("edit.competition_wins", { n: losing.length }) : standings.length ? t("edit.competition_none") : "";
    refill(this.element, h("h2", {}, t("edit.competition")), h("p", { class: "hint" }, t("edit.competition_lead")), h("p", { class: "competition-state", role: "status" }, state),
      shown.length > 0 && h("ul", { class: "standings" }, shown.map((standing) => this.row(standing))),
      !this.all && standings.length > losing.length && h("button", { class: "small", type: "button", dataset: { focus: "all standings" }, onclick: () => { this.all = true; this.draw(); } }, t("edit.show_all", { n: standings.length })));
  }

  row({ phrasing, neighbours, neighbour_wins: wins }) {
    const [nearest] = neighbours;
    return h("li", { class: wins ? "wins" : "" },
      h("span", { class: "phrasing", lang: this.code, dir: dirOf(this.code) }, phrasing),
      nearest && h("span", { class: "hint" }, wins && icon("alert"), h("a", { href: `#/articles/${nearest.article_id}`, target: "_blank", rel: "noopener" }, t("edit.neighbour", { title: nearest.title, similarity: percent(nearest.similarity) })),
        wins ? ` – ${t("edit.neighbour_wins")}` : ""),
      wins && h("button", { class: "small", type: "button", "aria-label": `${t("edit.remove")}: ${phrasing}`, onclick: () => this.onRemove(phrasing) }, t("edit.remove")));
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
  }
}
