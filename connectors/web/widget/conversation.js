/*
 * What has been said, what waits to be sent, who owns the conversation. No DOM.
 */

/**
 * One conversation with the server: what has been said, what waits to be sent, who owns it. No DOM.
 *
 * Sending: every message gets its client_message_id when it is written, is stored before it is sent, and is sent one at
 * a time, in order, again and again with the same id until the server has acknowledged it. Receiving: messages are kept
 * by seq; `cursor` is the seq up to which nothing is missing. Whatever arrives above cursor + 1 causes a read.
 */
class Conversation {
  /**
   * @param {Memory} memory
   * @param {(what: string, detail?: any) => void} changed called after each change: 'messages' | 'state' | 'expired' | 'error'
   */
  constructor(memory, changed) {
    this.memory = memory;
    this.changed = changed;
    this.timers = {};
    this.generation = 0;
    this.attempt = 0;
    this.link = new EventLink({
      hello: () => ({ type: 'hello', token: this.token, after: this.cursor }),
      opened: () => this.listening(), heard: (frame) => this.receive(frame), lost: (code, attempt) => this.linkLost(code, attempt), again: () => this.listen(),
    });
    this.net = 'ok';
    this.clear();
    this.token = memory.value.token || null;
    this.outgoing = (memory.value.pending || []).map((item) => ({ ...item }));
  }

  clear() {
    this.generation += 1;
    this.messages = new Map();
    this.delivered = 0; // seq of the last own message that is at the desk
    this.read = 0; // and of the last one that an agent has read
    this.cursor = 0;
    this.owner = 'bot';
    this.queue = null;
    this.agentName = '';
    this.typing = null;
    this.awaitingSince = 0;
    this.loaded = false;
    this.syncing = null;
    this.again = false;
    this.starting = null;
    this.pumping = false;
    this.link.drop();
    for (const name of Object.keys(this.timers)) this.cancel(name);
  }

  get closed() { return this.owner === 'closed'; }
  get live() { return this.link.live; }
  get awaiting() { return this.awaitingSince > 0; }

  /** Everything to show, in order: what the server has, then what is on its way; own messages with how far they have come. */
  timeline() {
    const said = [...this.messages.values()].sort((a, b) => a.seq - b.seq);
    // An answer is the best receipt. Of what comes after it, the last one of each state is marked.
    const answered = Math.max(0, ...said.filter((one) => one.author === 'bot' || one.author === 'agent').map((one) => one.seq));
    const state = (seq) => (seq <= this.read ? 'read' : seq <= this.delivered ? 'delivered' : 'sent');
    const last = {};
    if (!this.closed) for (const { author, seq } of said) if (author === 'citizen' && seq > answered) last[state(seq)] = seq;
    return said.map((one) => (last[state(one.seq)] === one.seq ? { ...one, state: state(one.seq) } : one)).concat(this.outgoing.map((item) => ({ author: 'citizen', text: item.label, client_message_id: item.id, state: item.state, error: item.error })));
  }

  after(name, ms, act) {
    this.cancel(name);
    this.timers[name] = setTimeout(() => { delete this.timers[name]; act(); }, ms);
  }
  cancel(name) { clearTimeout(this.timers[name]); delete this.timers[name]; }

  persist() {
    this.memory.write({ token: this.token, pending: this.outgoing.filter((item) => item.state !== 'sent') });
  }

  /** Notes how the last request went and, on trouble, sets the clock for the next attempt at everything outstanding. */
  heard({ status, retryAfter }, sent = false) {
    if (status === 0 || status >= 500 || status === 429) {
      this.net = status === 503 ? 'not_ready' : status === 429 ? 'busy' : 'lost';
      // A service that is starting answers quickly and often: do not let the wait grow long.
      const wait = retryAfter || (status === 503 ? Math.min(backOff(this.attempt), 3000) : backOff(this.attempt));
      this.attempt += 1;
      this.after('wake', wait, () => this.wake());
    } else {
      this.net = 'ok';
      // That reading works says nothing about sending: a queued message keeps its own clock.
      if (sent || !this.outgoing.some((item) => item.state === 'queued')) {
        this.attempt = 0;
        this.cancel('wake');
      }
    }
    this.changed('state');
  }

  /** Does whatever is outstanding now: begin, read, listen, send. Safe to call at any time and any number of times. */
  async wake() {
    if (this.timers.wake) this.cancel('wake');
    if (!this.token) { if (this.wanted || this.outgoing.length) await this.start(); return; }
    if (!this.loaded || this.net === 'lost' || this.net === 'not_ready') {
      await this.sync();
      if (this.net !== 'ok') return;
    }
    this.listen();
    this.pump();
  }

  /** Begins a conversation if there is none. One at a time, whoever asks. */
  start() {
    this.wanted = true;
    if (this.token) return Promise.resolve();
    if (!this.starting) {
      const generation = this.generation;
      this.changed('state');
      this.starting = (async () => {
        const answer = await call('POST', 'chat/v1/conversations', { body: { language: this.language, page_url: this.pageUrl, department: this.department } });
        if (generation !== this.generation) return;
        this.starting = null;
        if (answer.status === 201 || answer.status === 200) {
          this.token = answer.data.token;
          this.loaded = true;
          this.persist();
          this.take(answer.data.messages || []);
          this.settle(answer.data.messages || []);
          this.heard(answer);
          this.wake();
        } else {
          if (answer.status && answer.status < 500 && answer.status !== 429) {
            this.changed('error');
            answer.status = 0;
          }
          this.heard(answer);
        }
      })();
    }
    return this.starting;
  }

  /** Leaves this conversation (ended or expired) and begins another; text that was never sent goes with it. */
  renew({ carry = false } = {}) {
    const unsent = carry ? this.outgoing.filter((item) => item.text && item.state !== 'sent') : [];
    this.clear();
    this.token = null;
    this.outgoing = unsent.map((item) => ({ ...item, id: newId(), state: 'queued', error: '' }));
    this.persist();
    this.changed('messages');
    return this.wanted || unsent.length ? this.start() : Promise.resolve();
  }

  /** Leaves this conversation and goes on with another, whose token the server has given. @returns {string[]} what was never sent */
  goOn({ token, messages }) {
    const unsent = this.outgoing.filter((item) => item.text && item.state !== 'sent').map((item) => item.text);
    this.clear();
    this.outgoing = [];
    this.changed('messages'); // rows are known by seq: those of the old one go first
    this.token = token;
    this.persist();
    this.take(messages || [], true);
    this.settle(messages || []);
    this.wake(); // reads who owns it
    return unsent;
  }

  expire() {
    if (!this.token) return;
    this.changed('expired');
    this.renew({ carry: true });
  }

  /**
   * Queues a message.
   * @param {{text?: string, payload?: string, struck?: number[], label: string}} message the payload is sent, else the text; label is what is
   *   shown meanwhile; struck are the messages that a payload is not to send to a human
   */
  say({ text, payload, struck, label }) {
    const item = { id: newId(), label, state: 'queued', error: '' };
    if (struck && struck.length) item.struck = struck;
    if (text !== undefined) item.text = text;
    if (payload !== undefined) item.payload = payload;
    this.outgoing.push(item);
    this.persist();
    this.changed('messages');
    this.pump();
  }

  retry(id) {
    const item = this.outgoing.find((one) => one.id === id);
    if (!item) return;
    Object.assign(item, { state: 'queued', error: '' });
    this.persist();
    this.changed('messages');
    this.pump();
  }

  async pump() {
    if (this.pumping) return;
    if (!this.token) { this.start(); return; }
    this.pumping = true;
    const generation = this.generation;
    let item;
    while ((item = this.outgoing.find((one) => one.state === 'queued'))) {
      const body = { client_message_id: item.id };
      if (item.payload === undefined) body.text = item.text; else body.payload = item.payload;
      if (item.struck) body.struck = item.struck;
      // keepalive: a message sent while the page goes away still leaves the browser.
      const answer = await call('POST', 'chat/v1/messages', { token: this.token, body, keepalive: true });
      if (generation !== this.generation) return;
      if (answer.status === 401) { this.expire(); return; }
      this.heard(answer, answer.status < 500);
      if (!this.outgoing.includes(item)) continue; // its copy came over the socket first
      if (answer.status === 200 || answer.status === 202) {
        item.state = 'sent';
        if (this.owner === 'bot') this.await();
      } else if (answer.status === 0 || answer.status >= 500 || answer.status === 429) {
        break; // heard() has set the clock
      } else {
        item.state = 'failed';
        // The API's error texts are for developers; the code picks one of ours.
        item.error = answer.data && answer.data.error && answer.data.error.code === 'too_long' ? 'too_long' : 'failed';
        this.changed('error', item.error);
        this.sync();
      }
      this.persist();
      this.changed('messages');
      if (this.live) this.after('unmatched', UNMATCHED_ACK_MS, () => this.sync()); else this.poll(0);
    }
    this.pumping = false;
  }

  await() {
    this.awaitingSince = this.awaitingSince || Date.now();
    this.after('awaiting', AWAIT_REPLY_MS, () => { this.awaitingSince = 0; this.changed('state'); });
    this.changed('state');
  }

  /** Reads everything after the cursor. One at a time; asked for meanwhile, it reads once more. */
  sync() {
    if (!this.token) return Promise.resolve();
    if (this.syncing) { this.again = true; return this.syncing; }
    const generation = this.generation;
    this.syncing = (async () => {
      const answer = await call('GET', `chat/v1/messages?after=${this.cursor}`, { token: this.token });
      if (generation !== this.generation) return;
      this.syncing = null;
      if (answer.status === 401) { this.expire(); return; }
      this.heard(answer);
      if (answer.status === 200) {
        const first = !this.loaded;
        this.loaded = true;
        this.reopens = answer.data.reopens === true;
        this.own(answer.data.closed ? 'closed' : answer.data.owner, answer.data.queue);
        this.reach(answer.data.delivery || {});
        this.take(answer.data.messages || [], first);
        this.settle(answer.data.messages || []);
      }
      if (this.again) { this.again = false; await this.sync(); }
    })();
    return this.syncing;
  }

  own(owner, queue) {
    if (owner && owner !== this.owner) {
      this.owner = owner;
      if (owner !== 'agent') this.agentName = '';
      if (owner !== 'bot') this.awaitingSince = 0;
      this.typing = null;
    }
    if (queue !== undefined) this.queue = queue && queue.position;
    if (this.closed) { this.link.drop(); this.cancel('poll'); }
    this.changed('state');
  }

  /** Own messages have come so far; never back again. */
  reach({ delivered = 0, read = 0 }) {
    if (delivered <= this.delivered && read <= this.read) return;
    this.delivered = Math.max(this.delivered, delivered);
    this.read = Math.max(this.read, read);
    this.changed('messages');
  }

  /** After a read nothing at or below its last seq is missing. */
  settle(messages) {
    for (const { seq } of messages) this.cursor = Math.max(this.cursor, seq);
    while (this.messages.has(this.cursor + 1)) this.cursor += 1;
  }

  /** Takes in messages, each once. */
  take(messages, history = false) {
    let fresh = 0;
    for (const message of messages) {
      if (!message || !Number.isFinite(message.seq)) continue;
      const known = this.messages.has(message.seq);
      this.messages.set(message.seq, message);
      if (message.client_message_id) {
        const at = this.outgoing.findIndex((item) => item.id === message.client_message_id);
        if (at >= 0) {
          this.outgoing.splice(at, 1);
          this.persist();
          if (message.author === 'citizen' && this.owner === 'bot') this.await();
        }
      }
      if (known || message.author === 'citizen') continue;
      if (message.author === 'agent' && message.agent_name) this.agentName = message.agent_name;
      this.awaitingSince = 0;
      this.cancel('awaiting');
      this.typing = null;
      if (!history) { fresh += 1; this.changed('arrived', message); }
    }
    if (messages.length) this.changed('messages', { fresh, history });
  }

  /** Listens to the events unless it already does; while it does not, poll() reads. */
  listen() {
    if (!this.token || this.closed || this.link.isOpen) return;
    // A proxy may swallow the upgrade without an error: not heard within this time, it is asked.
    this.poll(this.link.open() ? 2500 : undefined);
  }

  listening() {
    this.cancel('poll');
    this.sync(); // owner and queue position as of now
  }

  linkLost(code, attempt) {
    // Also how a refused token is told from a late hello (4401 is both): reading answers 401 to the first only.
    this.poll(code === 4401 ? 0 : attempt > 1 ? undefined : 300);
  }

  receive(frame) {
    switch (frame.type) {
      case 'message':
        this.take([frame.message]);
        if (frame.message && frame.message.seq === this.cursor + 1) this.settle([frame.message]);
        break;
      case 'owner':
        this.own(frame.owner, frame.owner === 'queue' ? undefined : null);
        if (this.closed) this.sync(); // whether it can be gone on with
        if (frame.agent_name) { this.agentName = frame.agent_name; this.changed('state'); }
        break;
      case 'queue':
        this.own(undefined, { position: frame.position });
        break;
      case 'typing':
        this.typing = frame.author;
        this.after('typing', TYPING_SHOWN_MS, () => { this.typing = null; this.changed('state'); });
        this.changed('state');
        break;
      case 'delivery':
        this.reach({ [frame.state]: frame.seq });
        break;
      default: // ping, error (the close that follows is handled) and what later servers may add
    }
    if (Number.isFinite(frame.seq) && frame.seq > this.cursor) this.sync();
  }

  poll(delay) {
    if (!this.token || this.closed || this.live) return;
    const wait = delay === undefined ? pollDelay({ awaiting: this.awaiting || this.outgoing.some((item) => item.state === 'sent'), owner: this.owner, hidden: document.hidden }) : delay;
    this.after('poll', wait, async () => {
      if (this.net === 'ok' || !this.timers.wake) await this.sync();
      this.poll();
    });
  }

  /** Tells the agent that the citizen is writing; at most every few seconds, and it does not matter if it is lost. */
  writing() {
    if (this.owner !== 'agent' || Date.now() - (this.wroteAt || 0) < TYPING_SENT_EVERY_MS) return;
    this.wroteAt = Date.now();
    call('POST', 'chat/v1/typing', { token: this.token, body: {} });
  }

  /** @returns {Promise<{title, language, dir}[]>} titles for what is being written; it does not matter if they fail to come */
  async suggest(text) {
    if (!this.token || Date.now() < (this.suggestFrom || 0)) return [];
    const answer = await call('GET', `chat/v1/suggestions?q=${encodeURIComponent(text)}&language=${this.language}`, { token: this.token });
    if (answer.status === 429) this.suggestFrom = Date.now() + answer.retryAfter;
    return answer.status === 200 && answer.data.suggestions || [];
  }

  /** Has the conversation sent by e-mail. @returns {Promise<string>} sent, invalid, busy (too often) or failed */
  async mail(address) {
    const answer = await call('POST', 'chat/v1/transcript', { token: this.token, body: { email: address } });
    if (answer.status === 401) this.expire();
    return { 202: 'sent', 422: 'invalid', 429: 'busy' }[answer.status] || 'failed';
  }

  /** @returns {Promise<boolean>} whether the server took it */
  async rate(seq, value, comment) {
    const body = { seq, value };
    if (comment) body.comment = comment;
    const answer = await call('POST', 'chat/v1/feedback', { token: this.token, body });
    if (answer.status === 401) this.expire();
    const message = this.messages.get(seq);
    if (answer.status === 204 && message) message.feedback = value;
    return answer.status === 204;
  }

  /** @returns {Promise<boolean>} whether the conversation is ended */
  async end() {
    const answer = await call('POST', 'chat/v1/end', { token: this.token, body: {} });
    if (answer.status === 401) { this.expire(); return true; }
    if (answer.status !== 200) return false;
    this.take(answer.data.messages || []);
    this.settle(answer.data.messages || []);
    this.own('closed', null);
    this.outgoing = [];
    this.persist();
    this.changed('messages');
    return true;
  }

  /** Goes on with a conversation that an agent has closed a short while ago. @returns {Promise<string>} open, closed (for good) or failed */
  async reopen() {
    const answer = await call('POST', 'chat/v1/reopen', { token: this.token, body: {} });
    if (answer.status === 0 || answer.status >= 500 || answer.status === 429) return 'failed';
    this.reopens = false;
    if (answer.status !== 200) { this.changed('state'); return 'closed'; }
    this.own(answer.data.owner, null);
    this.take(answer.data.messages || []);
    this.wake();
    this.sync();
    return 'open';
  }

  /** Falls silent: the page is leaving, or the element was taken out of it. wake() begins again. */
  pause() {
    this.link.drop();
    for (const name of Object.keys(this.timers)) this.cancel(name);
  }
}
