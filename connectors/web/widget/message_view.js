/*
 * One message as a row of the log: who, what, its facts, buttons, preview, rating and delivery.
 */

/** An element with a text of the catalogue; LogView.relabel() keeps it right, in place. */
const word = (texts, tag, key, properties) => h(tag, { ...properties, 'data-t': key }, texts.get(key));

/** A date the City gives for an answer. */
const updatedLine = (texts, value) => {
  const date = new Date(value);
  const shown = Number.isNaN(date.getTime()) ? value : texts.format(date, { dateStyle: 'long', timeZone: 'UTC' });
  return h('p', { 'data-updated': value }, `${texts.get('updated')} `, h('time', { datetime: value }, shown));
};

const AUTHORS = ['citizen', 'bot', 'agent', 'system'];
const DELIVERY_WORDS = { queued: 'sending', sent: 'sent', delivered: 'delivered', read: 'read' };

/** Makes and refreshes rows. */
class MessageView {
  /**
   * @param {object} host
   * @param {Texts} host.texts
   * @param {Conversation} host.conversation
   * @param {(button: object, element: Element, event: Event, struck: number[]) => void} host.press a button of a message was pressed
   * @param {(text: string) => void} host.warn
   * @param {() => void} host.focusInput
   */
  constructor(host) {
    this.host = host;
    this.texts = host.texts;
    this.conversation = host.conversation;
  }

  word(tag, key, properties) { return word(this.texts, tag, key, properties); }

  /** A new row for an entry of Conversation.timeline(); refresh() fills in what may change. */
  row(entry) {
    const time = entry.created_at && new Date(entry.created_at);
    const row = h('div', { class: `row ${AUTHORS.includes(entry.author) ? entry.author : 'system'}` },
      h('div', { class: 'by' }, this.speakerName(entry.author, entry.agent_name), h('span', { class: 'vh' }, ':'),
        time && !Number.isNaN(time.getTime()) && entry.author !== 'citizen' && h('time', { datetime: entry.created_at }, this.texts.format(time, { timeStyle: 'short' }))));
    row.body = h('div', { class: 'text' });
    row.bubble = h('div', { class: 'bubble' }, row.body);
    row.append(row.bubble);
    if (String(entry.outcome || '').startsWith('emergency')) row.classList.add('urgent');
    const facts = this.facts(entry);
    if (facts) { row.bubble.append(facts); row.classList.add('wide'); }
    const struck = new Set(); // what the citizen takes out of the preview
    if (entry.preview) row.append(row.card = this.preview(entry.preview, struck, entry.seq));
    if (entry.buttons && entry.buttons.length) row.append(row.choices = this.choices(entry, struck));
    if (entry.wants_feedback || entry.feedback) row.append(this.rating(entry));
    return row;
  }

  /**
   * What may change in a row after it is shown: the server's (masked) wording, its delivery state, stale consent buttons.
   * @param {boolean} overtaken the citizen has written since
   */
  refresh(row, entry, overtaken) {
    if (row.shown !== entry.text) {
      row.shown = entry.text;
      row.body.replaceChildren(...textNodes(entry.text || ''));
    }
    if (entry.language) row.body.lang = entry.language; else row.body.removeAttribute('lang');
    row.body.dir = entry.dir || 'auto';
    const late = String(overtaken || this.conversation.closed);
    if (entry.preview && row.choices) for (const one of row.choices.querySelectorAll('button')) one.setAttribute('aria-disabled', late);
    if (row.card) row.card.dataset.late = late;
    const state = entry.state || '';
    if (row.dataset.state === state) return;
    row.dataset.state = state;
    if (row.delivery) { row.delivery.remove(); row.delivery = null; }
    if (state) row.append(row.delivery = this.delivery(entry));
  }

  delivery({ state, error, client_message_id: id }) {
    const retry = () => { this.host.warn(''); this.conversation.retry(id); this.host.focusInput(); };
    return h('div', { class: `state ${state}`, 'aria-live': 'off' }, this.word('span', state === 'failed' ? error || 'failed' : DELIVERY_WORDS[state]),
      state === 'failed' && this.word('button', 'retry', { type: 'button', class: 'plain', click: retry }));
  }

  /** The name shown over a message: an agent's own, else the role's in the language shown. */
  speakerName(author, name) {
    const role = { citizen: 'you', system: 'system', agent: 'agent' }[author] || 'assistant';
    return author === 'agent' && name ? h('b', null, name) : this.word('b', role);
  }

  facts(entry) {
    const parts = [];
    const anchors = (list) => list.map((one) => {
      const href = safeUrl(one.url);
      const name = [one.title || one.url, one.year && `(${one.year})`].filter(Boolean).join(' ');
      return h('li', null, href ? h('a', { href, target: '_blank', rel: 'noopener noreferrer' }, h('span', { dir: 'auto' }, name), icon('out', true), this.word('span', 'new_tab', { class: 'vh' })) : name);
    });
    if (entry.links && entry.links.length) parts.push(h('div', null, this.word('h3', 'links'), h('ul', null, anchors(entry.links))));
    if (entry.sources && entry.sources.length) parts.push(h('div', null, this.word('h3', 'sources'), h('ul', null, anchors(entry.sources))));
    if (entry.updated) parts.push(updatedLine(this.texts, entry.updated));
    return parts.length ? h('div', { class: 'facts' }, parts) : null;
  }

  choices(entry, struck) {
    const related = Boolean(entry.article_id) && entry.buttons.every((button) => button.article_id);
    const short = entry.buttons.every((button) => countCharacters(button.title || '') <= 18);
    const id = `choices-${entry.seq}`;
    const name = related ? { 'aria-labelledby': id } : { 'aria-label': this.texts.speaker(entry.author, entry.agent_name) };
    return h('div', { class: short ? 'choices inline' : 'choices', role: 'group', ...name }, related && this.word('h3', 'related', { id }),
      entry.buttons.map((button, at) => {
        const without = () => (entry.preview && at === 0 ? [...struck] : []); // the first one agrees to send
        const code = /^language:(\w+)$/.exec(button.payload || '');
        const element = h('button', { type: 'button', class: 'choice', dir: 'auto', lang: code ? code[1] : entry.language || false, click: (event) => this.host.press(button, element, event, without()) }, button.title);
        return element;
      }));
  }

  /**
   * What would be sent to a human, before the citizen agrees to it.
   * @param {Set<number>} struck gets the seqs of the messages that the citizen takes out
   */
  preview(preview, struck, seq) {
    const earlier = (preview.earlier || []).map(({ topic, at }) => [this.texts.format(new Date(at), { day: 'numeric', month: 'short', year: 'numeric' }), topic].filter(Boolean).join(' – '));
    const facts = [['preview_topic', preview.topic], ['preview_department', preview.department], ['preview_language', this.texts.nameOf(preview.language)], ['preview_page', preview.page_url], ['preview_earlier', earlier.join(', ')]].filter(([, value]) => value);
    const said = preview.messages || [];
    const title = { 'aria-label': this.texts.get('preview_title'), 'data-a': 'preview_title' };
    const out = h('p', { role: 'status' });
    const count = () => { out.textContent = struck.size || preview.struck ? this.texts.get('struck', { n: struck.size || preview.struck }) : ''; };
    const line = (one) => {
      const id = `said-${seq}-${one.seq}`;
      const item = h('li', null, this.speakerName(one.author), h('div', { class: 'text', id, dir: 'auto', lang: one.language || false }, textNodes(one.text || '')));
      if (!one.seq) return item;
      const toggle = this.word('button', 'strike', { type: 'button', class: 'plain', 'aria-describedby': id, click: () => {
        if (!struck.delete(one.seq)) struck.add(one.seq);
        const gone = struck.has(one.seq);
        item.classList.toggle('out', gone);
        toggle.textContent = this.texts.get(toggle.dataset.t = gone ? 'unstrike' : 'strike');
        count();
      } });
      item.append(toggle);
      return item;
    };
    count();
    return h('div', { class: 'card', role: 'group', ...title }, h('h3', null, icon('shield'), this.word('span', 'preview_title')),
      facts.length > 0 && h('dl', null, facts.flatMap(([key, value]) => [this.word('dt', key), h('dd', { dir: 'auto' }, String(value))])),
      said.length ? [said[0].seq && this.word('p', 'strike_hint', { class: 'how' }), h('ol', { tabindex: 0, ...title }, said.map(line))] : this.word('p', 'preview_nothing'), out);
  }

  rating(entry) {
    const box = h('div');
    const thanks = h('p', { role: 'status' });
    const thumbs = ['up', 'down'].map((value) => h('button', { type: 'button', class: 'choice', 'data-value': value, 'aria-pressed': String(entry.feedback === value), click: () => rate(value) },
      icon(value), this.word('span', value === 'up' ? 'helpful' : 'not_helpful')));
    let busy = false;
    let more = null; // the question for a word more
    const ask = (element) => { if (more) more.remove(); more = element; if (element) box.append(element); };
    /** Sends the rating, once at a time; says so when it was not taken. */
    const send = async (value, text) => {
      busy = true;
      const taken = await this.conversation.rate(entry.seq, value, text);
      busy = false;
      if (!taken) { this.host.warn(this.texts.get('failed')); return false; }
      ask(null);
      thanks.textContent = this.texts.get('thanks');
      return true;
    };
    const rate = async (value) => {
      if (busy || !await send(value)) return;
      for (const thumb of thumbs) thumb.setAttribute('aria-pressed', String(thumb.dataset.value === value));
      const form = (label) => this.commentForm(`comment-${entry.seq}`, label, async (text) => { if (!busy && await send(value, text)) this.host.focusInput(); });
      // Who was not helped is asked what was missing; who was may say more, but is not held up.
      if (value === 'down') ask(form('comment_label'));
      else ask(this.word('button', 'comment_open', { type: 'button', class: 'linkish', click: () => { ask(form('comment_label_up')); more.querySelector('textarea').focus(); } }));
      box.scrollIntoView({ block: 'nearest' });
    };
    box.append(h('div', { class: 'rate', role: 'group', 'aria-label': `${this.texts.get('helpful')} / ${this.texts.get('not_helpful')}` }, thumbs, thanks));
    return box;
  }

  commentForm(id, label, send) {
    const field = h('textarea', { id, rows: 2, maxlength: 1000, dir: 'auto' });
    const submit = (event) => {
      event.preventDefault();
      const text = field.value.trim();
      if (text) send(text);
    };
    return h('form', { class: 'comment', submit }, this.word('label', label, { for: id }), field, this.word('button', 'comment_send', { type: 'submit', class: 'plain' }));
  }
}
