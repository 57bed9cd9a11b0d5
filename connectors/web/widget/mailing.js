/*
 * The conversation by e-mail: asks for the address, in the field's place.
 */

/** The form with the address. It stands in the foot of the panel; Ending decides which of its parts is shown. */
class Mailing {
  /**
   * @param {object} host
   * @param {Texts} host.texts
   * @param {Conversation} host.conversation
   * @param {StatusView} host.status
   * @param {() => void} host.showState
   * @param {() => void} host.focusInput
   */
  constructor(host) {
    this.host = host;
    const text = (tag, key, properties) => host.texts.label(h(tag, properties), key);
    this.field = h('input', { id: 'email', class: 'line', dir: 'ltr', maxlength: 254, inputmode: 'email', autocomplete: 'email', autocapitalize: 'off', spellcheck: 'false', 'aria-describedby': 'email-fault', input: () => this.fault('') });
    this.faultText = h('p', { id: 'email-fault', class: 'fault', role: 'alert' });
    this.send = text('button', 'email_send', { type: 'submit', class: 'primary' });
    this.element = h('form', { class: 'ask', novalidate: true, hidden: true, submit: (event) => { event.preventDefault(); this.submit(); } },
      text('label', 'email_label', { for: 'email' }), this.field, this.faultText,
      h('div', null, this.send, text('button', 'email_cancel', { type: 'button', class: 'plain', click: () => this.ask(false) })));
  }

  get asking() { return !this.element.hidden; }

  /** Shows the form, or puts it away. The address is forgotten: the next person at this computer shall not find it. */
  ask(show) {
    this.element.hidden = !show;
    this.field.value = '';
    this.fault('');
    this.host.showState();
    this.host.focusInput();
  }

  fault(key) {
    this.faultText.textContent = key && this.host.texts.get(key);
    this.field.toggleAttribute('aria-invalid', Boolean(key));
  }

  async submit() {
    const address = this.field.value.trim();
    if (this.busy) return;
    // Not type=email: browsers refuse the å of an address that the mail can take.
    if (!/^[^\s@]+@[^\s@]+\.[^\s@.]{2,}$/.test(address)) { this.fault('email_invalid'); this.field.focus(); return; }
    this.busy = true;
    this.send.setAttribute('aria-disabled', 'true');
    const outcome = await this.host.conversation.mail(address);
    this.busy = false;
    this.send.removeAttribute('aria-disabled');
    if (outcome !== 'sent') { this.fault(`email_${outcome}`); this.field.focus(); return; }
    this.ask(false);
    this.host.status.tell(this.host.texts.get('email_sent'));
  }
}
