/*
 * Ending the conversation, and beginning another.
 */

/** The question before ending, and what stands in the field's place when it is ended. */
class Ending {
  /**
   * @param {object} host
   * @param {Texts} host.texts
   * @param {Conversation} host.conversation
   * @param {Composer} host.composer
   * @param {Mailing} host.mailing
   * @param {Continuing} host.continuing
   * @param {() => void} host.showState
   * @param {(text: string) => void} host.warn
   * @param {() => void} host.focusInput
   */
  constructor(host) {
    this.host = host;
    this.conversation = host.conversation;
    const text = (tag, key, properties) => host.texts.label(h(tag, properties), key);
    this.yes = text('button', 'end_yes', { type: 'button', class: 'primary', click: () => this.end() });
    this.question = h('div', { class: 'ask', role: 'group', 'aria-labelledby': 'endq', hidden: true }, text('p', 'end_confirm', { id: 'endq' }),
      h('div', null, this.yes, text('button', 'end_no', { type: 'button', class: 'plain', click: () => this.confirm(false) })));
    this.newButton = text('button', 'new_conversation', { type: 'button', class: 'primary', click: () => this.beginAnew() });
    this.goOn = text('button', 'reopen', { type: 'button', class: 'plain', hidden: true, click: () => this.reopen() });
    this.ended = h('div', { class: 'ask', hidden: true }, text('p', 'ended'), h('div', null, this.newButton, this.goOn));
  }

  get asking() { return !this.question.hidden; }

  /** Of the form for an address, what Continuing asks, the question, the end and the field exactly one is shown. */
  show() {
    const { closed } = this.conversation;
    this.host.continuing.show();
    const other = this.host.mailing.asking || this.host.continuing.asking;
    this.question.hidden = closed || other || !this.asking;
    this.ended.hidden = !closed || other;
    this.goOn.hidden = !this.conversation.reopens;
    this.host.composer.element.hidden = closed || other || this.asking;
    if (this.conversation.owner !== 'bot') this.host.composer.closeSuggestions();
  }

  confirm(show) {
    if (show && this.conversation.closed) return;
    if (show) this.host.mailing.element.hidden = true;
    this.question.hidden = !show;
    this.host.showState();
    if (show) this.yes.focus(); else this.host.focusInput();
  }

  async end() {
    if (this.busy) return;
    this.busy = true;
    const done = await this.conversation.end();
    this.busy = false;
    const { texts } = this.host;
    if (!done) { this.host.warn(`${texts.get('reconnecting')} ${texts.get('retry')}.`); return; }
    this.question.hidden = true;
    this.host.composer.empty();
    this.host.showState();
    this.newButton.focus();
  }

  async reopen() {
    if (this.busy) return;
    this.busy = true;
    const became = await this.conversation.reopen();
    this.busy = false;
    const { texts } = this.host;
    this.host.warn(became === 'failed' ? `${texts.get('reconnecting')} ${texts.get('retry')}.` : '');
    this.host.showState();
    if (became === 'open') this.host.focusInput(); else if (became === 'closed') this.newButton.focus();
  }

  beginAnew() {
    this.host.warn('');
    // What could not be sent in the ended conversation goes back into the field, for the citizen to decide about.
    this.host.composer.putBack(this.conversation.outgoing.filter((item) => item.text && item.state !== 'sent').map((item) => item.text));
    this.conversation.renew();
    this.host.showState();
    this.host.focusInput();
  }
}
