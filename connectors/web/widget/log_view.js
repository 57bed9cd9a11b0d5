/*
 * The log: all messages in order, read out once each, and where the reader is in them.
 */

/** The scrolling list of messages, and the button that leads to its end. */
class LogView {
  /** @param {object} host what MessageView asks of it */
  constructor(host) {
    this.texts = host.texts;
    this.conversation = host.conversation;
    this.messages = new MessageView(host);
    this.rows = new Map();
    this.hint = null;
    this.log = this.texts.label(h('div', { class: 'log', role: 'log', 'aria-live': 'polite', 'aria-relevant': 'additions', tabindex: 0, scroll: () => this.scrolled() }), 'log_label', 'aria-label');
    this.latest = h('button', { type: 'button', class: 'latest', hidden: true, click: () => { this.toBottom(); host.focusInput(); } }, icon('latest'), this.texts.label(h('span'), 'jump_to_latest'));
    this.element = h('div', { class: 'middle' }, this.log, this.latest);
    // A strip or a question that appears takes height from the log: whoever read the end still does.
    if (window.ResizeObserver) new ResizeObserver(() => { if (this.stuck) this.toBottom(); }).observe(this.log);
  }

  /** In place: a message that has just come would otherwise be taken away before a screen reader has read it. */
  relabel() {
    for (const element of this.log.querySelectorAll('[data-t]')) element.textContent = this.texts.get(element.dataset.t);
    for (const element of this.log.querySelectorAll('[data-a]')) element.setAttribute('aria-label', this.texts.get(element.dataset.a));
    for (const element of this.log.querySelectorAll('[data-updated]')) element.replaceWith(updatedLine(this.texts, element.dataset.updated));
  }

  /** Shows what is said now: new rows where they belong, known ones refreshed, gone ones removed. */
  show() {
    const bottom = this.atBottom();
    const entries = this.conversation.timeline();
    let lastCitizen = -1;
    entries.forEach((entry, at) => { if (entry.author === 'citizen' && entry.state !== 'failed') lastCitizen = at; });
    const kept = new Set();
    let place = this.log.firstChild;
    let previous = '';
    let firstNew = null;
    entries.forEach((entry, at) => {
      const key = entry.client_message_id && entry.author === 'citizen' ? `c:${entry.client_message_id}` : `s:${entry.seq}`;
      kept.add(key);
      let row = this.rows.get(key);
      if (!row) {
        row = this.messages.row(entry);
        this.rows.set(key, row);
        if (this.log.getAttribute('aria-live') === 'polite') row.classList.add('fresh');
        if (!firstNew && entry.author !== 'citizen') firstNew = row;
      }
      this.messages.refresh(row, entry, lastCitizen > at);
      const speaker = `${entry.author}|${entry.agent_name || ''}`;
      row.classList.toggle('cont', speaker === previous);
      previous = speaker;
      if (row === place) place = place.nextSibling; else this.log.insertBefore(row, place);
    });
    for (const [key, row] of this.rows) if (!kept.has(key)) { row.remove(); this.rows.delete(key); }
    if (bottom) this.follow(firstNew); else if (firstNew) this.latest.hidden = false;
  }

  /** Shows history without a screen reader reading it all again. */
  showQuietly() {
    this.log.setAttribute('aria-live', 'off');
    this.show();
    // Two frames: the change must have been painted before the region is live again.
    requestAnimationFrame(() => requestAnimationFrame(() => this.log.setAttribute('aria-live', 'polite')));
  }

  /** What stands in an empty log; null takes it away. */
  showHint(text) {
    if (text === null) {
      if (this.hint) this.hint.remove();
      this.hint = null;
      return;
    }
    if (!this.hint) this.log.append(this.hint = h('p', { class: 'hint' }));
    this.hint.textContent = text;
  }

  atBottom() { return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 80; }

  toBottom() { this.log.scrollTop = this.log.scrollHeight; this.latest.hidden = true; }

  /** Keeps up with what is said, but never scrolls the beginning of a long new message out of sight. */
  follow(row) {
    this.toBottom();
    if (!row) return;
    const top = row.offsetTop - this.log.offsetTop - 8;
    if (this.log.scrollTop > top) this.log.scrollTop = top;
  }

  scrolled() {
    this.stuck = this.atBottom();
    if (this.stuck) this.latest.hidden = true;
  }
}
