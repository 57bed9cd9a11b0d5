/*
 * What goes on beside the messages: what one is writing to, the queue, the connection, who is typing, what went wrong.
 */

/** The strips, the line under the title, the typing line and the alert; the dialog decides where they stand. */
class StatusView {
  /** @param {{texts: Texts, conversation: Conversation}} host */
  constructor({ texts, conversation }) {
    this.texts = texts;
    this.conversation = conversation;
    this.trouble = '';
    this.what = h('p', { id: 'what' });
    this.ai = h('p', { class: 'strip', id: 'ai' }, icon('info'), texts.label(h('span'), 'ai_notice'));
    this.owner = h('div', { class: 'strip', role: 'status', hidden: true });
    this.net = h('div', { class: 'strip warn', role: 'status', hidden: true });
    this.typing = h('div', { class: 'typing', role: 'status' });
    this.alert = h('div', { class: 'alert', role: 'alert' });
  }

  show() {
    const talk = this.conversation;
    const messages = [...talk.messages.values()];
    this.ai.hidden = messages.some((one) => one.author === 'citizen') && messages.some((one, at) => one.author !== 'citizen' && at > 0);
    const withAgent = talk.owner === 'agent';
    this.fill(this.owner, withAgent ? 'agent' : '', withAgent ? 'person' : 'clock', [{ text: this.ownerText() }]);
    this.trouble = this.troubleText();
    this.fill(this.net, 'warn', this.trouble ? 'clock' : 'info', this.trouble ? [{ text: this.trouble }] : this.texts.notices);
    // Says at every moment what one is writing to: a machine, or by now a person.
    const what = this.texts.get(withAgent ? 'agent' : 'ai_label');
    if (this.what.textContent !== what) this.what.textContent = what;
    this.showTyping();
  }

  ownerText() {
    const { owner, queue, agentName } = this.conversation;
    if (owner === 'queue') return queue ? this.texts.get('queue_position', { position: queue }) : this.texts.get('queue_waiting');
    return owner === 'agent' ? [this.texts.get('agent'), agentName].filter(Boolean).join(': ') : '';
  }

  /** What is wrong with the connection, or ''. */
  troubleText() {
    if (navigator.onLine === false) return this.texts.get('offline');
    const key = { not_ready: 'not_ready', lost: 'reconnecting' }[this.conversation.net];
    return key ? this.texts.get(key) : '';
  }

  /** Only a change is written: a status that is written again is read out again. */
  fill(strip, cls, name, said) {
    const text = said.map((one) => one.text).join(' ');
    strip.hidden = !text;
    const now = `${cls}|${text}`;
    if (strip.dataset.now === now) return;
    strip.dataset.now = now;
    strip.className = `strip ${cls}`;
    const words = ({ text: one, language }) => h('span', language && { lang: language, dir: this.texts.directionOf(language) }, one);
    strip.replaceChildren(...(text ? [icon(name), h('span', null, ...said.flatMap((one, at) => (at ? [' ', words(one)] : [words(one)])))] : []));
  }

  showTyping() {
    const talk = this.conversation;
    const bot = (talk.typing === 'bot' || talk.awaiting) && talk.owner === 'bot' && talk.net === 'ok';
    const text = talk.typing === 'agent' ? this.texts.get('typing_agent', { name: talk.agentName }) : bot ? this.texts.get('typing_bot') : '';
    if (this.typing.dataset.now === text) return;
    this.typing.dataset.now = text;
    this.typing.replaceChildren(...(text ? [h('span', { class: 'dots', 'aria-hidden': 'true' }, h('i'), h('i'), h('i')), h('span', null, text)] : []));
  }

  /** Says in the typing line that something was done, until the line has something else to say. */
  tell(text) {
    this.typing.dataset.now = '';
    this.typing.textContent = text;
  }

  /** An error, read out at once; `spoken` when it can already be seen beside the message it is about. */
  warn(text, spoken = false) {
    this.alert.classList.toggle('vh', spoken);
    this.alert.textContent = text;
  }
}
