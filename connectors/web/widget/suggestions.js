/*
 * Suggestions while the citizen writes: titles of articles, chosen with the pointer or the keyboard.
 */

/**
 * The list over the field. Arrow keys go through it, Enter sends the chosen title, Escape closes it; what is written stays what it is
 * until one is chosen. The field is a textarea, and that may not have the role combobox: it points at the list and at the option one
 * stands on, as a combobox does, and a status says how many there are.
 */
class Suggestions {
  /**
   * @param {{texts: Texts, conversation: Conversation}} host
   * @param {HTMLTextAreaElement} input
   * @param {(suggestion: {title: string, payload: string}) => void} choose
   */
  constructor({ texts, conversation }, input, choose) {
    Object.assign(this, { texts, conversation, input, choose });
    this.at = -1;
    this.turn = 0;
    this.list = texts.label(h('ul', { role: 'listbox', id: 'suggestions', pointerdown: (event) => event.preventDefault() }), 'suggestions', 'aria-label');
    this.status = h('div', { class: 'vh', role: 'status' });
    this.element = h('div', { class: 'suggest', hidden: true }, texts.label(h('p', { 'aria-hidden': 'true' }), 'suggestions'), this.list);
    for (const [name, value] of [['aria-autocomplete', 'list'], ['aria-haspopup', 'listbox'], ['aria-controls', 'suggestions']]) input.setAttribute(name, value);
    input.addEventListener('input', () => this.written());
    input.addEventListener('blur', () => this.close());
  }

  get isOpen() { return !this.element.hidden; }

  /** What is written has changed: asks when the citizen pauses, unless it is too short, a text of its own, or looks personal. */
  written() {
    clearTimeout(this.timer);
    this.turn += 1;
    const text = this.input.value.trimStart();
    const length = countCharacters(text.trim());
    if (length < SUGGEST_FROM || length > SUGGEST_MOST || this.conversation.owner !== 'bot' || /\n|@|\d[\d -]{3}/.test(text)) { this.close(); return; }
    const { turn } = this;
    this.timer = setTimeout(async () => {
      const found = await this.conversation.suggest(text);
      if (turn === this.turn && this.conversation.owner === 'bot') this.show(found);
    }, SUGGEST_AFTER_MS);
  }

  show(found) {
    this.mark(-1);
    this.found = found;
    this.list.replaceChildren(...found.map(({ title, language, dir }, at) => h('li', { role: 'option', id: `suggestion-${at}`, 'aria-selected': 'false',
      lang: language, dir: dir || 'auto', click: () => this.take(at) }, title)));
    this.element.hidden = !found.length;
    const said = found.length ? this.texts.get('suggestions_count', { n: found.length }) : '';
    if (this.status.textContent !== said) this.status.textContent = said;
  }

  close() {
    clearTimeout(this.timer);
    this.turn += 1; // an answer that is still on its way comes too late
    if (this.isOpen) this.show([]);
  }

  take(at) {
    const chosen = this.found[at];
    this.close();
    this.choose(chosen);
  }

  /** Stands on an option; -1 is the citizen's own text. */
  mark(at) {
    this.at = at;
    [...this.list.children].forEach((one, index) => one.setAttribute('aria-selected', String(index === at)));
    if (at < 0) { this.input.removeAttribute('aria-activedescendant'); return; }
    this.input.setAttribute('aria-activedescendant', `suggestion-${at}`);
    this.list.children[at].scrollIntoView({ block: 'nearest' });
  }

  /** @returns {boolean} whether the key was meant for the list */
  key(event) {
    if (!this.isOpen || event.isComposing || event.keyCode === 229 || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const places = this.list.children.length + 1; // the own text is one of them
    if (step) this.mark((this.at + 1 + step + places) % places - 1);
    else if (event.key === 'Escape') { this.close(); event.stopPropagation(); } // or the chat itself would close
    else if (event.key === 'Enter' && this.at >= 0) this.take(this.at);
    else {
      if (['ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(event.key)) this.mark(-1);
      return false;
    }
    event.preventDefault();
    return true;
  }
}
