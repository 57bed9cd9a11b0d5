/*
 * The closed button and the panel: opening, closing, filling small screens, holding focus, text size.
 */

/** The button in the corner and the panel it opens. What stands in the panel comes from the other views. */
class Dialog {
  /**
   * @param {object} host
   * @param {Texts} host.texts
   * @param {Memory} host.memory
   * @param {() => void} host.open
   * @param {() => void} host.close
   * @param {{languages: LanguagePicker, menu: Menu, status: StatusView, log: LogView, composer: Composer, ending: Ending, mailing: Mailing, continuing: Continuing}} views
   * @param {string|null} greeting what the closed button says; the title if null
   */
  constructor(host, views, greeting) {
    Object.assign(this, views);
    this.texts = host.texts;
    this.memory = host.memory;
    this.host = host;
    this.greeting = greeting;
    this.unread = 0;
    const label = this.texts.label.bind(this.texts);
    this.launcher = h('button', { type: 'button', class: 'launcher', 'aria-haspopup': 'dialog', 'aria-expanded': 'false', click: () => host.open() },
      icon('bubble'), this.launcherText = h('span'), this.badge = h('span', { class: 'badge', hidden: true, 'aria-hidden': 'true' }));
    this.arrivedStatus = h('div', { class: 'vh', role: 'status' });
    const head = h('div', { class: 'head' }, h('span', { class: 'mark', 'aria-hidden': 'true' }, icon('bubble')),
      h('div', { class: 'who' }, label(h('h2', { id: 'title' }), 'title'), this.status.what), this.languages.element, this.menu.button,
      label(h('button', { type: 'button', class: 'icon', click: () => host.close() }, icon('close')), 'close', 'aria-label'));
    this.panel = h('section', { class: 'panel', role: 'dialog', 'aria-modal': 'false', 'aria-labelledby': 'title', 'aria-describedby': 'what', tabindex: -1, hidden: true },
      head, this.menu.element, this.status.ai, this.status.owner, this.status.net, this.log.element, this.status.typing, this.status.alert,
      h('div', { class: 'foot' }, this.composer.element, this.mailing.element, this.ending.question, this.ending.ended, this.continuing.elements));
    this.root = h('div', { class: 'root' }, this.launcher, this.arrivedStatus, this.panel);
    this.root.addEventListener('keydown', (event) => this.key(event));
    // To the page a key typed in here comes from no field of its own: it would take it for one of its shortcuts.
    for (const name of ['keydown', 'keypress', 'keyup']) this.root.addEventListener(name, (event) => event.stopPropagation());
    this.root.addEventListener('click', (event) => this.menu.pressedOutside(event));
    this.setSize(this.memory.value.size || 0);
    this.narrow = window.matchMedia('(max-width: 30em), (max-height: 30em)');
    this.narrow.addEventListener('change', () => this.fit());
    if (window.visualViewport) for (const what of ['resize', 'scroll']) visualViewport.addEventListener(what, () => this.fit());
  }

  get isOpen() { return !this.panel.hidden; }

  relabel() {
    this.root.lang = this.texts.language;
    this.root.dir = this.texts.direction;
    this.launcherText.textContent = this.greeting || this.texts.get('title');
    this.languages.relabel();
    this.showUnread();
  }

  show() {
    this.fit();
    this.panel.hidden = false;
    this.launcher.hidden = true;
    this.launcher.setAttribute('aria-expanded', 'true');
    this.unread = 0;
    this.showUnread();
    this.composer.grow();
  }

  hide() {
    this.menu.toggle(false);
    this.panel.hidden = true;
    this.launcher.hidden = false;
    this.launcher.setAttribute('aria-expanded', 'false');
    this.launcher.focus();
  }

  /** Something was said while the panel was closed. */
  arrived() {
    this.unread += 1;
    this.showUnread();
    this.arrivedStatus.textContent = this.texts.get('new_message');
  }

  showUnread() {
    this.badge.hidden = this.unread === 0;
    this.badge.textContent = String(this.unread);
    const name = `${this.launcherText.textContent} – ${this.texts.get('open')}`;
    this.launcher.setAttribute('aria-label', this.unread ? `${name} (${this.texts.get('new_message')}: ${this.unread})` : name);
    if (!this.unread) this.arrivedStatus.textContent = '';
  }

  /** Full screen on phones, inside what the on-screen keyboard leaves. */
  fit() {
    const full = this.narrow.matches;
    this.root.classList.toggle('full', full);
    this.panel.setAttribute('aria-modal', String(full));
    const view = window.visualViewport;
    if (full && view && view.scale < 1.05) {
      const bottom = this.log.atBottom();
      this.panel.style.setProperty('--top', `${view.offsetTop}px`);
      this.panel.style.setProperty('--height', `${view.height}px`);
      if (bottom) this.log.toBottom();
    } else {
      this.panel.style.removeProperty('--top');
      this.panel.style.removeProperty('--height');
    }
  }

  /** To where the citizen goes on: the field, or what stands in its place. */
  focusInput() {
    if (!this.composer.element.hidden) this.composer.input.focus(); else if (this.continuing.asking) this.continuing.focus(); else if (this.mailing.asking) this.mailing.field.focus(); else if (!this.ending.ended.hidden) this.ending.newButton.focus(); else this.panel.focus();
  }

  /** Escape leaves the innermost thing; Tab stays inside while the panel covers the page. */
  key(event) {
    if (event.key === 'Escape' && !event.isComposing) {
      if (this.menu.isOpen) { this.menu.toggle(false); this.menu.button.focus(); } else if (this.continuing.asking) this.continuing.leave(); else if (this.mailing.asking) this.mailing.ask(false); else if (this.ending.asking) this.ending.confirm(false); else this.host.close();
    } else if (event.key === 'Tab' && this.root.classList.contains('full')) {
      // Full screen hides the page, so focus must not wander off into it.
      const stops = [...this.panel.querySelectorAll('button,a[href],select,input,textarea,[tabindex="0"]')].filter((one) => one.getClientRects().length);
      const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
      const here = this.root.getRootNode().activeElement;
      if (here === edge || here === this.panel && event.shiftKey) {
        event.preventDefault();
        (event.shiftKey ? stops[stops.length - 1] : stops[0]).focus();
      }
    }
  }

  setSize(size) {
    this.size = Math.max(0, Math.min(SIZES.length - 1, size));
    this.panel.style.fontSize = `${SIZES[this.size]}em`;
    this.menu.showSize(this.size);
  }

  resize(step) {
    const bottom = this.log.atBottom();
    this.setSize(this.size + step);
    this.memory.write({ size: this.size });
    this.composer.grow();
    if (bottom) this.log.toBottom();
  }
}
