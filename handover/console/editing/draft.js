// What an editor writes, kept: on this computer at every keystroke, on the server a moment later. Nothing is saved twice or over
// another window's text.

import { post } from "../api.js";

const SAVE_MS = 1200;
const RETRY_MS = 5000;

export class Draft {
  /** `content` is {article, reviewed, reason, base_hash, version, id}; `changed` is called when the state of saving has changed. */
  constructor({ owner, articleId, content, changed }) {
    Object.assign(this, { articleId, changed, ...content });
    this.key = `fraga-draft ${owner} ${articleId}`;
    this.state = this.version ? "saved" : "none"; // none | unsaved | saving | saved | offline | moved | refused
    this.savedAt = null;
    this.problem = null; // the error of the last try
    this.dirty = false;
    this.running = null;
    this.lost = null; // the article of a save whose answer never came: the server may have it or not
  }

  get unsaved() {
    return this.dirty || this.running !== null;
  }

  /** Text that an earlier page on this computer could not save, or null. */
  kept() {
    try {
      return JSON.parse(localStorage.getItem(this.key));
    } catch {
      return null;
    }
  }

  drop() {
    try {
      localStorage.removeItem(this.key);
    } catch {
      // Nothing was kept, then.
    }
  }

  body() {
    const { article, reviewed, reason, base_hash, version } = this;
    return { article, reviewed, reason, base_hash, version };
  }

  /** Something was written. */
  touch() {
    this.dirty = true;
    try {
      localStorage.setItem(this.key, JSON.stringify(this.body()));
    } catch {
      // A full or closed storage: the server's copy is the one that counts.
    }
    if (this.state === "moved") return;
    this.tell("unsaved");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), SAVE_MS);
  }

  tell(state) {
    this.state = state;
    this.changed();
  }

  /** Saves what is unsaved; one request at a time. Never throws: `state` and `problem` say how it went. */
  async save() {
    clearTimeout(this.timer);
    while (this.running) await this.running;
    if (!this.dirty || this.state === "moved") return;
    this.running = this.send().finally(() => { this.running = null; });
    await this.running;
  }

  async send() {
    this.dirty = false;
    this.tell("saving");
    const body = this.body();
    const sent = JSON.stringify(body.article);
    try {
      const saved = await post(`/articles/${encodeURIComponent(this.articleId)}/draft`, body);
      this.lost = null;
      Object.assign(this, { version: saved.version, id: saved.id, savedAt: new Date(), problem: null });
      if (!this.dirty) this.drop();
      this.tell(this.dirty ? "unsaved" : "saved");
    } catch (error) {
      this.dirty = true;
      this.problem = error;
      if (error.code === "draft_moved") {
        // What "another window" saved may be this one's own text, whose answer was lost on the way.
        const { draft } = error.details;
        if (!this.lost || JSON.stringify(draft?.content.article) !== this.lost) return this.tell("moved");
        Object.assign(this, { version: draft.version, id: draft.id, lost: null });
        this.timer = setTimeout(() => this.save(), 0);
        return this.tell("unsaved");
      }
      const passes = error.status === 0 || error.status >= 500;
      if (passes) this.lost = sent;
      this.tell(passes ? "offline" : "refused");
      if (passes) this.timer = setTimeout(() => this.save(), RETRY_MS);
    }
  }

  /** Saves this window's text over the other window's. */
  async keepMine() {
    this.version = this.problem?.details.draft?.version ?? null;
    this.state = "unsaved";
    this.dirty = true;
    await this.save();
  }

  stop() {
    clearTimeout(this.timer);
    if (this.dirty && this.state !== "moved") this.save();
  }
}
