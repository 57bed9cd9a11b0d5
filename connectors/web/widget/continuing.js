/*
 * Continue elsewhere: a conversation from the citizen's phone goes on here, or this one there, by a code that works once.
 */

const CODE = /(?:^|[\s:=])([2-9BCDFGHJKMNPQRSTVWXZ]{4})[\s-]?([2-9BCDFGHJKMNPQRSTVWXZ]{4})$/i; // the alphabet of connectors/gateway/continuing.py
const APPS = { telegram: 'Telegram', messenger: 'Messenger', whatsapp: 'WhatsApp' };

/** The code in what somebody wrote or pasted (with "Kod:" or the whole link), or ''. */
const codeIn = (text) => {
  const found = CODE.exec(text.trim());
  return found ? (found[1] + found[2]).toUpperCase() : '';
};

/**
 * The code that a link has brought, ?fortsatt=CODE. It is taken out of the address while the script loads, before anything is asked of
 * any server: no bookmark, no referrer and no history shall have it. A parameter of the page's own with that name is left alone.
 */
const linkedCode = (() => {
  if (!window.customElements || customElements.get(TAG)) return ''; // loaded twice: the first one has it
  const address = new URL(location.href);
  const code = codeIn(address.searchParams.get('fortsatt') || '');
  if (!code) return '';
  address.search = address.search.slice(1).split('&').filter((part) => part.split('=')[0] !== 'fortsatt').join('&');
  try { history.replaceState(history.state, '', address.href); } catch { /* a frame that may not: the code is used up all the same */ }
  return code;
})();

/** The question whether to go on here, the form for a code, and the code for the phone: each in the field's place. */
class Continuing {
  /**
   * @param {object} host
   * @param {Texts} host.texts
   * @param {Conversation} host.conversation
   * @param {() => void} host.showState
   * @param {() => void} host.focusInput
   * @param {() => void} host.focusReading
   * @param {(options: object) => void} host.open
   * @param {() => void} host.close
   * @param {(text: string) => void} host.warn
   */
  constructor(host) {
    Object.assign(this, { host, texts: host.texts, talk: host.conversation, code: linkedCode, state: '', given: null });
    this.linked = Boolean(linkedCode); // opened by a link that nobody has answered yet: no new conversation begins
    const text = (tag, key, properties) => this.texts.label(h(tag, properties), key);
    const button = (key, cls, click) => text('button', key, { type: 'button', class: cls, click });
    const warning = (id, ...more) => h('p', { id, class: 'note' }, text('span', 'continue.warning'), ...more.flatMap((one) => [' ', one]));
    this.leaves = text('span', 'continue.leaves');
    this.faults = [1, 2].map((at) => h('p', { id: `cont-fault-${at}`, class: 'fault', role: 'alert' }));
    this.question = h('div', { class: 'ask', role: 'group', 'aria-labelledby': 'cont-question', 'aria-describedby': 'cont-warning cont-fault-1', tabindex: -1 },
      text('p', 'continue.question', { id: 'cont-question' }), warning('cont-warning', text('span', 'continue.only_if'), this.leaves), this.faults[0],
      h('div', null, this.yes = button('continue.yes', 'primary', () => this.take(this.code)), button('continue.no', 'plain', () => this.leave())));
    this.field = h('input', { id: 'cont-code', class: 'line', dir: 'ltr', maxlength: 300, autocomplete: 'one-time-code', autocapitalize: 'characters', spellcheck: 'false',
      'aria-describedby': 'cont-hint cont-fault-2 cont-leaving', input: () => this.fault('') });
    this.go = text('button', 'continue.yes', { type: 'submit', class: 'primary' });
    this.form = h('form', { class: 'ask', novalidate: true, submit: (event) => { event.preventDefault(); this.submit(); } },
      text('label', 'continue.code_label', { for: 'cont-code' }), text('p', 'continue.code_hint', { id: 'cont-hint', class: 'note' }), this.field, this.faults[1],
      warning('cont-leaving'), h('div', null, this.go, button('email_cancel', 'plain', () => this.leave())));
    this.codeShown = h('p', { id: 'cont-shown', class: 'code', dir: 'ltr' });
    this.holds = h('p', { id: 'cont-holds', class: 'note' });
    this.links = h('div');
    this.phone = h('div', { class: 'ask', role: 'group', 'aria-labelledby': 'cont-yours', 'aria-describedby': 'cont-shown cont-holds', tabindex: -1 },
      text('p', 'continue.your_code', { id: 'cont-yours' }), this.codeShown, this.holds, text('p', 'continue.send', { class: 'note' }), this.links,
      h('div', null, button('copy', 'primary', () => this.host.copy(this.given.code)), button('continue.back', 'plain', () => this.leave())));
    this.elements = [this.question, this.form, this.phone];
    this.show();
  }

  get asking() { return this.state !== ''; }

  /** Shows what it stands at. A code for the phone is put away with its conversation. */
  show() {
    if (this.state === 'phone' && (this.talk.closed || !this.talk.token)) { this.state = ''; this.given = null; }
    this.question.hidden = this.state !== 'question';
    this.form.hidden = this.state !== 'form';
    this.phone.hidden = this.state !== 'phone';
    // Alone in the panel it stands in the middle of it.
    if (this.host.dialog) this.host.dialog.panel.classList.toggle('alone', this.asking && !this.talk.messages.size && !this.talk.outgoing.length);
    this.leaves.hidden = ![...this.talk.messages.values()].some((one) => one.author === 'citizen');
    for (const one of [this.yes, this.go]) one.setAttribute('aria-disabled', String(Boolean(this.busy)));
    const now = `${this.texts.language}|${this.given && this.given.code}`;
    if (!this.given || this.phone.dataset.now === now) return; // written again, it would lose selection and focus
    this.phone.dataset.now = now;
    const { code, minutes, until, links } = this.given;
    this.holds.textContent = this.texts.get('continue.holds', { minutes, time: this.texts.format(until, { timeStyle: 'short' }) });
    // Read sign by sign; what is selected and copied is the code as it stands.
    this.codeShown.replaceChildren(h('span', { 'aria-hidden': 'true' }, code), h('span', { class: 'vh' }, [...code.replace(' ', '')].join(' ')));
    this.links.replaceChildren(...links.map(({ href, app, number }) => h('a', { class: 'plain', href, target: number ? null : '_blank', rel: 'noopener noreferrer' },
      this.texts.get(number ? 'continue.sms' : 'continue.open', { app, number: number && `\u2066${number}\u2069` }))));
  }

  turn(state) {
    this.state = state;
    this.fault('');
    if (state) this.host.status.tell(''); // what was told last is over
    this.field.value = '';
    for (const other of [this.host.mailing.element, this.host.ending.question]) other.hidden = true;
    this.host.showState();
    this.host.focusInput();
  }

  focus() { (this.state === 'form' ? this.field : this.state === 'question' ? this.question : this.phone).focus(); }

  /** The page was opened by a link: opens the chat for the question. */
  begin() {
    if (this.linked) this.host.open({ focus: false });
  }

  /** The texts are here: now it can be asked, in the reader's language. Who is already writing in the page is left there. */
  configured() {
    if (!this.linked || this.state) return;
    const focused = document.activeElement;
    this.turn('question');
    if (focused && focused.matches('input,textarea,select,[contenteditable]')) focused.focus();
  }

  /** The citizen has a code. */
  ask() { if (!this.busy) this.turn('form'); }

  /** No, or later: the code is forgotten. Who came by a link for this alone is back on the page. */
  leave() {
    if (this.busy) return;
    const { linked } = this;
    Object.assign(this, { code: '', linked: false, given: null });
    this.turn('');
    if (linked && !this.talk.token) this.host.close();
  }

  fault(key) {
    this.faults[0].textContent = this.faults[1].textContent = key && this.texts.get(`continue.${key}`);
    this.field.toggleAttribute('aria-invalid', Boolean(key));
  }

  submit() {
    const code = codeIn(this.field.value);
    if (code) { this.take(code); return; }
    this.fault('invalid');
    this.field.focus();
  }

  /** Yes: fetches the conversation. */
  async take(code) {
    if (this.busy) return;
    this.fault('');
    this.working(true);
    this.talk.pause(); // if it is this very conversation, its old token ends now
    const answer = await call('POST', 'chat/v1/continue', { body: { code } });
    this.working(false);
    if (answer.status === 201) { this.arrived(answer.data); return; }
    if (this.talk.token) this.talk.wake();
    const gone = answer.status === 404 || answer.status === 422;
    if (gone) { this.code = ''; if (this.state !== 'form') this.turn('form'); }
    this.fault(gone ? 'gone' : answer.status === 429 ? 'busy' : 'failed');
    if (this.host.dialog.isOpen) this.focus();
  }

  working(busy) {
    this.busy = busy;
    this.host.showState();
  }

  arrived(data) {
    const { host, talk, texts } = this;
    Object.assign(this, { code: '', linked: false, state: '' });
    host.warn('');
    const unsent = talk.goOn(data);
    const last = talk.timeline().reverse().find((one) => one.author === 'bot');
    if (last && host.chosenAt === undefined && texts.knows(last.language)) host.useLanguage(last.language);
    host.leftBehind(unsent);
    host.showState();
    host.log.toBottom();
    host.status.tell(texts.get('continue.here'));
    if (host.dialog.isOpen) host.focusReading();
  }

  /** A code for the phone. */
  async give() {
    const { host, talk, texts } = this;
    const { token } = talk;
    if (this.busy || !token) return;
    this.working(true);
    const answer = await call('POST', 'chat/v1/continue/code', { token });
    this.working(false);
    if (token !== talk.token) return;
    if (answer.status === 401) { talk.expire(); return; }
    if (answer.status === 409) { talk.sync(); return; }
    if (answer.status !== 201) { host.warn(texts.get('continue.failed')); return; }
    const { code, minutes, links } = answer.data;
    host.warn('');
    this.given = { code, minutes: Math.round(minutes), until: new Date(Date.now() + minutes * 60000), links: (links || []).map(placeOf).filter(({ href }) => href) };
    this.turn('phone');
  }
}

/** Where a code can be sent: a link to open, and the number if it is by SMS. */
const placeOf = ({ channel, url }) => {
  const sms = /^sms:(\+\d{6,15})\?body=\w{8}$/.exec(url);
  return sms ? { href: url, number: sms[1] } : { href: safeUrl(url), app: APPS[channel] || channel };
};
