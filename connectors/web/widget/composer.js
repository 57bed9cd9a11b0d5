/*
 * The field in which the citizen writes.
 */

/** The form: the field with its draft, counter and suggestions, the send button, and the way to a human. */
class Composer {
  /**
   * @param {object} host
   * @param {Texts} host.texts
   * @param {Memory} host.memory
   * @param {Conversation} host.conversation
   * @param {(text: string) => void} host.warn
   * @param {(text: string, payload?: string) => void} host.say the citizen sends this, or the payload in its place
   * @param {(event: Event) => void} host.askForHuman
   * @param {(name: string) => string|null} host.option
   */
  constructor(host) {
    this.host = host;
    this.texts = host.texts;
    this.memory = host.memory;
    const label = this.texts.label.bind(this.texts);
    this.input = label(h('textarea', { rows: 1, id: 'input', autocomplete: 'off', enterkeyhint: 'send', dir: 'auto', 'aria-describedby': 'count',
      input: () => this.typed(), keydown: (event) => this.key(event) }), 'placeholder', 'placeholder');
    this.count = h('span', { class: 'count', id: 'count' });
    this.humanButton = h('button', { type: 'button', class: 'linkish', click: (event) => host.askForHuman(event) }, icon('person'), label(h('span'), 'human_button'));
    this.suggestions = host.option('suggestions') === 'off' ? null : new Suggestions(host, this.input, ({ title, payload }) => this.send(title, payload));
    const send = label(h('button', { type: 'submit', class: 'sendb' }, icon('send', true)), 'send', 'aria-label');
    this.element = h('form', { submit: (event) => { event.preventDefault(); this.submit(); } },
      this.suggestions && [this.suggestions.element, this.suggestions.status],
      label(h('label', { for: 'input', class: 'vh' }), 'input_label'), h('div', { class: 'compose' }, this.input, send),
      h('div', { class: 'under' }, this.humanButton, this.count));
    this.input.value = this.memory.value.draft || '';
  }

  key(event) {
    if (this.suggestions && this.suggestions.key(event)) return;
    // 229: the key belongs to an input method that is composing (Safari says so only this way).
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
      event.preventDefault();
      this.submit();
    }
  }

  /** Keeps counter, height and draft in step with what stands in the field. */
  typed() {
    const used = countCharacters(this.input.value);
    const left = MAX_CHARACTERS - used;
    this.count.textContent = used >= COUNTER_FROM ? this.texts.get('chars_left', { n: left }) : '';
    this.count.classList.toggle('over', left < 0);
    if (left >= 0 && this.input.hasAttribute('aria-invalid')) { this.input.removeAttribute('aria-invalid'); this.host.warn(''); }
    this.grow();
    clearTimeout(this.draftTimer);
    this.draftTimer = setTimeout(() => this.memory.write({ draft: this.input.value }), 300);
    if (this.input.value) this.host.conversation.writing();
  }

  grow() {
    this.input.style.height = 'auto';
    if (this.input.scrollHeight) this.input.style.height = `${this.input.scrollHeight + 3}px`;
  }

  submit() {
    const text = this.input.value.trim();
    if (!text) { this.input.focus(); return; }
    if (countCharacters(text) > MAX_CHARACTERS) {
      this.input.setAttribute('aria-invalid', 'true');
      this.host.warn(this.texts.get('too_long'));
      this.input.focus();
      return;
    }
    this.send(text);
    this.input.focus();
  }

  /** Sends a text in place of what stands in the field. */
  send(text, payload) {
    this.empty();
    this.host.warn('');
    this.typed();
    this.host.say(text, payload);
  }

  /** Empties the field and forgets the draft. */
  empty() {
    this.input.value = '';
    this.closeSuggestions();
    clearTimeout(this.draftTimer);
    this.memory.write({ draft: '' });
  }

  closeSuggestions() { if (this.suggestions) this.suggestions.close(); }

  /** Puts texts that could not be sent back into the field, unless something stands there. */
  putBack(texts) {
    if (texts.length && !this.input.value) this.input.value = texts.join('\n');
  }
}
