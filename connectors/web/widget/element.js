/*
 * The element <fraga-goteborg>: reads its settings, ties conversation and views together, and puts itself into the page.
 */

class Widget extends HTMLElement {
  connectedCallback() {
    this.rise();
    if (this.shadowRoot) { this.conversation.wake(); return; }
    this.memory = new Memory();
    const wanted = this.memory.value.language || this.option('language') || document.documentElement.lang || 'sv';
    this.texts = new Texts(wanted.toLowerCase().split('-')[0]);
    this.conversation = new Conversation(this.memory, (what, detail) => this.changed(what, detail));
    this.conversation.language = this.texts.language;
    this.conversation.pageUrl = (this.option('page-url') || location.origin + location.pathname).slice(0, MAX_PAGE_URL);
    this.conversation.department = this.option('department') || undefined;
    this.build();
    this.listenToBrowser();
    this.relabel();
    if (this.conversation.token || this.conversation.outgoing.length) this.begin();
    this.continuing.begin();
    if (this.memory.value.open || (this.memory.value.open === undefined && this.option('open') === 'true')) this.open({ focus: false });
  }

  disconnectedCallback() {
    // Moved in the page: connectedCallback follows at once. Removed: be silent.
    queueMicrotask(() => { if (!this.isConnected) this.conversation.pause(); });
  }

  /** Into the browser's top layer, where it has one: there no z-index of the page lies over the chat and no transform moves it. */
  rise() {
    try {
      this.popover = 'manual';
      this.showPopover();
    } catch { /* an older browser: the z-index of the style */ }
  }

  /** A setting from the element's data-* attribute, else from the script's. */
  option(name) {
    const value = this.getAttribute(`data-${name}`);
    return value === null ? SCRIPT && SCRIPT.getAttribute(`data-${name}`) : value;
  }

  build() {
    const shadow = this.attachShadow({ mode: 'open' });
    adoptStyle(shadow, { colour: (this.option('colour') || '').trim(), theme: this.option('theme') || 'auto' });
    this.status = new StatusView(this);
    this.log = new LogView(this);
    this.composer = new Composer(this);
    this.mailing = new Mailing(this);
    this.ending = new Ending(this);
    this.continuing = new Continuing(this);
    const transcript = () => transcriptOf(this.conversation.timeline(), this.texts);
    this.menu = new Menu(this, safeUrl(this.option('privacy-url')), {
      human: (event) => this.askForHuman(event), copy: () => this.copy(transcript()),
      save: () => saveText(transcript(), this.dialog.root), print: () => printText(transcript(), this.texts, this.dialog.root),
      mail: () => { this.continuing.leave(); this.mailing.ask(true); }, phone: () => this.continuing.give(), code: () => this.continuing.ask(),
      begin: () => { this.continuing.leave(); this.ending.beginAnew(); }, end: () => { this.continuing.leave(); this.ending.confirm(true); }, resize: (step) => this.dialog.resize(step),
    });
    const languages = new LanguagePicker(this.texts, (code) => this.chooseLanguage(code), (code) => this.sayLanguage(code));
    const { status, log, composer, ending, mailing, continuing, menu } = this;
    this.dialog = new Dialog(this, { languages, menu, status, log, composer, ending, mailing, continuing }, this.option('greeting'));
    shadow.append(this.dialog.root);
    // The corner is the page's affair: it must not change sides when the citizen writes Arabic.
    const pageIsRtl = getComputedStyle(document.documentElement).direction === 'rtl';
    if (['left', pageIsRtl ? 'end' : 'start'].includes(this.option('position') || 'end')) this.dialog.root.classList.add('left');
  }

  listenToBrowser() {
    const awake = () => { if (this.active) this.conversation.wake(); };
    window.addEventListener('online', () => { this.showState(); this.conversation.attempt = 0; awake(); });
    window.addEventListener('offline', () => this.showState());
    document.addEventListener('visibilitychange', () => { if (!document.hidden && this.active) { this.conversation.sync(); awake(); } });
    window.addEventListener('pagehide', () => this.conversation.pause());
    window.addEventListener('pageshow', (event) => { if (event.persisted) awake(); });
  }

  /** Loads the texts and the conversation; called when the citizen first opens, or when a conversation is under way. */
  begin() {
    if (this.active) return;
    this.active = true;
    this.loadConfig();
    this.conversation.wake();
  }

  async loadConfig(attempt = 0) {
    const answer = await call('GET', 'chat/v1/config');
    if (answer.status === 200 && answer.data && Array.isArray(answer.data.languages)) {
      this.texts.load(answer.data);
      this.relabel();
      this.continuing.configured();
    } else {
      setTimeout(() => this.loadConfig(attempt + 1), backOff(attempt));
    }
  }

  /** The operator's notice as it is now: the page may have been there for hours. */
  async readNotice() {
    const { status, data } = await call('GET', 'chat/v1/config');
    if (status !== 200 || !data) return;
    Object.assign(this.texts.config, { notice: data.notice, banner: data.banner });
    this.showState();
  }

  /** Opens the chat; public, the page may call it. */
  open({ focus = true } = {}) {
    if (this.dialog.isOpen) return;
    this.dialog.show();
    this.memory.write({ open: true });
    if (this.active) this.readNotice();
    this.begin();
    if (!this.conversation.token && !this.continuing.linked) this.conversation.start();
    this.log.toBottom();
    if (focus) this.focusReading();
  }

  /** To the field; on a touch screen it would bring up the keyboard over what is to be read first. */
  focusReading() {
    if (window.matchMedia('(pointer: coarse)').matches && !this.continuing.asking) this.dialog.panel.focus(); else this.focusInput();
  }

  /** Closes the chat; the conversation goes on. Public, the page may call it. */
  close() {
    if (!this.dialog.isOpen) return;
    this.memory.write({ open: false });
    this.dialog.hide();
  }

  focusInput() { this.dialog.focusInput(); }

  warn(text, spoken) { this.status.warn(text, spoken); }

  async copy(text) {
    await copyText(text, this.dialog.panel);
    this.status.tell(this.texts.get('copied'));
  }

  /* -------------------------------------------------------------------------------------------- language */

  relabel() {
    this.texts.relabel();
    this.dialog.relabel();
    this.log.relabel();
    this.showState();
    this.composer.typed();
    this.log.toBottom();
  }

  useLanguage(language) {
    if (language === this.texts.language) return;
    this.texts.language = language;
    this.conversation.language = language;
    this.memory.write({ language });
    this.relabel();
  }

  /** The citizen's own choice: answers from before it no longer decide the language. */
  chooseLanguage(language) {
    this.chosenAt = Math.max(0, ...this.conversation.messages.keys());
    this.useLanguage(language);
  }

  sayLanguage(language) {
    if (this.continuing.linked && !this.conversation.token) return; // the question is read in it; nothing has begun
    if (!this.conversation.closed) this.conversation.say({ payload: `language:${language}`, label: this.texts.nameOf(language) });
  }

  /* ---------------------------------------------------------------------------------------------- saying */

  /** Sends what the citizen has written. */
  say(text, payload) {
    this.conversation.say({ text, payload, label: text });
    this.log.toBottom();
  }

  /**
   * Whether a press counts, or is the second half of a double click. After the first half the log has moved: the second
   * may land on another button, so the click count of the event decides, and the clock only for the same button.
   */
  mayPress(what, event) {
    const now = Date.now();
    if (event.detail > 1 || (this.pressed && this.pressed.what === what && now - this.pressed.at < PRESS_GUARD_MS)) return false;
    this.pressed = { what, at: now };
    return true;
  }

  press(button, element, event, struck) {
    if (element.getAttribute('aria-disabled') === 'true') return;
    if (this.conversation.outgoing.some((item) => item.payload === button.payload && item.state === 'queued') || !this.mayPress(button.payload, event)) return;
    this.warn('');
    this.conversation.say({ payload: button.payload, struck, label: button.title });
    const chosen = /^language:(\w+)$/.exec(button.payload);
    if (chosen && this.texts.knows(chosen[1])) this.chooseLanguage(chosen[1]);
    this.log.toBottom();
    this.focusInput();
  }

  /** The wish is sent as words: "a human" is understood in every language, with every part of the assistant down. */
  askForHuman(event) {
    const text = this.texts.get('human_button');
    if (this.conversation.closed || this.conversation.outgoing.some((item) => item.text === text)) return;
    if (!this.mayPress('human', event)) return;
    this.say(text);
    this.focusInput();
  }

  /** Another conversation goes on here: what could not be sent in the one before is the citizen's to decide about. */
  leftBehind(texts) {
    this.pressed = null;
    this.chosenAt = 0;
    this.composer.putBack(texts);
    this.composer.typed();
  }

  /* --------------------------------------------------------------------------------------------- showing */

  /** The conversation has changed; see Conversation. */
  changed(what, detail) {
    if (!this.dialog) return;
    if (what === 'messages') {
      if (detail && detail.history) this.log.showQuietly(); else this.log.show();
      this.showState();
    } else if (what === 'state') this.showState();
    else if (what === 'expired') { this.conversation.wanted = this.dialog.isOpen; this.warn(this.texts.get('expired')); this.pressed = null; this.mailing.element.hidden = true; }
    else if (what === 'error') this.warn(this.texts.get(detail || 'failed'), Boolean(detail));
    else if (what === 'arrived') this.arrived(detail);
  }

  arrived(message) {
    if (message.author === 'bot' && message.seq > (this.chosenAt || 0) && this.texts.knows(message.language)) this.useLanguage(message.language);
    if (!this.dialog.isOpen) this.dialog.arrived();
  }

  showState() {
    const talk = this.conversation;
    this.status.show();
    this.ending.show();
    this.menu.show();
    this.composer.humanButton.hidden = talk.owner !== 'bot';
    const empty = !talk.messages.size && !talk.outgoing.length;
    this.log.showHint(empty ? (this.status.trouble || this.continuing.asking ? '' : this.texts.get('connecting')) : null);
  }
}

// Loaded twice on one page, the first one stays.
if (window.customElements && !customElements.get(TAG)) {
  customElements.define(TAG, Widget);
  const place = () => { if (!document.querySelector(TAG)) document.body.append(document.createElement(TAG)); };
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', place); else place();
}
