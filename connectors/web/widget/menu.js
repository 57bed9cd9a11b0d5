/*
 * The menu and the choice of language, in the panel's head.
 */

/** The menu with text size, human, transcript, privacy, accessibility, new conversation and end. */
class Menu {
  /**
   * @param {object} host
   * @param {Texts} host.texts
   * @param {Conversation} host.conversation
   * @param {string|null} privacyUrl
   * @param {{human, copy, save, print, mail, phone, code, begin, end: (event: Event) => void, resize: (step: number) => void}} acts what its buttons do
   */
  constructor({ texts, conversation }, privacyUrl, acts) {
    this.texts = texts;
    this.conversation = conversation;
    const iconButton = (name, key, click) => texts.label(h('button', { type: 'button', class: 'icon', click }, icon(name)), key, 'aria-label');
    const text = (key, properties) => texts.label(h('span', properties), key);
    const item = (name, key, act) => h('button', { type: 'button', class: '', click: (event) => { this.toggle(false); this.button.focus(); act(event); } }, icon(name), text(key));
    this.button = iconButton('menu', 'menu', () => this.toggle());
    this.button.setAttribute('aria-expanded', 'false');
    this.button.setAttribute('aria-controls', 'menu');
    this.smaller = iconButton('minus', 'smaller', () => acts.resize(-1));
    this.larger = iconButton('fresh', 'larger', () => acts.resize(1));
    this.human = item('person', 'human_button', acts.human);
    this.begin = item('fresh', 'new_conversation', acts.begin);
    this.end = item('end', 'end', acts.end);
    this.mail = item('mail', 'email', acts.mail);
    this.phone = item('phone', 'continue.phone', acts.phone);
    this.code = item('key', 'continue.have_code', acts.code);
    const link = (href, name, key) => h('a', { href, target: '_blank', rel: 'noopener noreferrer' }, icon(name), text(key));
    this.accessibility = link('', 'access', 'accessibility_link');
    this.element = h('div', { class: 'menu', id: 'menu', hidden: true },
      h('div', { class: 'size', role: 'group', 'aria-labelledby': 'size' }, text('text_size', { id: 'size' }), h('div', null, this.smaller, this.larger)),
      this.human, item('copy', 'copy', acts.copy), item('save', 'download', acts.save), item('print', 'print', acts.print), this.mail, this.phone, this.code,
      privacyUrl && link(privacyUrl, 'shield', 'privacy_link'), this.accessibility, this.begin, this.end);
  }

  get isOpen() { return !this.element.hidden; }

  toggle(show = !this.isOpen) {
    this.element.hidden = !show;
    this.button.setAttribute('aria-expanded', String(show));
    if (show) this.larger.focus();
  }

  /** Offers what can be done now. */
  show() {
    const { closed, token, owner } = this.conversation;
    this.end.hidden = closed || !token;
    this.begin.hidden = !closed;
    this.human.hidden = owner !== 'bot';
    this.mail.hidden = !token || !this.texts.config.email;
    this.code.hidden = !this.texts.config.continue;
    this.phone.hidden = this.code.hidden || closed || !token;
    // The statement is in Swedish, with English after it.
    this.accessibility.href = new URL(this.texts.language === 'sv' ? 'tillganglighet' : 'tillganglighet#english', BASE).href;
  }

  /** @param {number} size the one in use, an index of SIZES */
  showSize(size) {
    this.smaller.setAttribute('aria-disabled', String(size === 0));
    this.larger.setAttribute('aria-disabled', String(size === SIZES.length - 1));
  }

  /** Closes after a press outside of it. */
  pressedOutside(event) {
    if (this.isOpen && !event.composedPath().some((one) => one === this.element || one === this.button)) this.toggle(false);
  }
}

/** The choice of language: the browser's own list over the language's code. */
class LanguagePicker {
  /**
   * @param {Texts} texts
   * @param {(code: string) => void} shown a language is stopped at: show it
   * @param {(code: string) => void} settled the citizen stays with it
   */
  constructor(texts, shown, settled) {
    this.texts = texts;
    this.select = h('select', { change: () => {
      const code = this.select.value;
      shown(code);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => settled(code), LANGUAGE_SETTLE_MS);
    } });
    texts.label(this.select, 'language', 'aria-label');
    this.code = h('b', { 'aria-hidden': 'true' });
    this.element = h('div', { class: 'lang' }, icon('globe'), this.code, this.select);
  }

  relabel() {
    const { languages, language } = this.texts;
    this.code.textContent = language;
    const offered = this.texts.knows(language) ? languages : [...languages, { code: language, name: language }];
    this.select.replaceChildren(...offered.map((one) => h('option', { value: one.code, lang: one.code }, one.name)));
    this.select.value = language;
  }
}
