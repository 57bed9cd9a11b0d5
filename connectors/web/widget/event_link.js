/*
 * The WebSocket over which news come.
 */

/** One WebSocket to the server's events, opened again with back-off when it is lost. It passes on what it hears and decides nothing. */
class EventLink {
  /**
   * @param {object} told what the owner is told and asked
   * @param {() => object} told.hello the first frame to send
   * @param {() => void} told.opened
   * @param {(frame: object) => void} told.heard
   * @param {(code: number, attempt: number) => void} told.lost the close code, and how many losses in a row
   * @param {() => void} told.again time to open it again, if it is still wanted
   */
  constructor(told) {
    this.told = told;
    this.socket = null;
    this.live = false;
    this.attempt = 0;
  }

  get isOpen() { return Boolean(this.socket); }

  /** @returns {boolean} whether an attempt is under way */
  open() {
    let socket;
    try {
      const url = new URL('chat/v1/events', BASE);
      url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
      socket = new WebSocket(url);
    } catch { return false; }
    clearTimeout(this.timer);
    this.socket = socket;
    socket.onopen = () => {
      if (this.socket !== socket) return;
      socket.send(JSON.stringify(this.told.hello()));
      this.live = true;
      this.watch();
      this.told.opened();
    };
    socket.onmessage = (event) => {
      if (this.socket !== socket) return;
      this.watch();
      let frame;
      try { frame = JSON.parse(event.data); } catch { return; }
      if (frame.type !== 'error') this.attempt = 0;
      this.told.heard(frame);
    };
    socket.onclose = (event) => {
      if (this.socket !== socket) return;
      this.socket = null;
      this.live = false;
      this.after(backOff(this.attempt), () => this.told.again());
      this.attempt += 1;
      this.told.lost(event.code, this.attempt);
    };
    return true;
  }

  /** One clock: while open it watches for silence, while closed it counts down to the next attempt. */
  after(ms, act) {
    clearTimeout(this.timer);
    this.timer = setTimeout(act, ms);
  }

  watch() {
    this.after(SILENT_SOCKET_MS, () => { this.drop(); this.told.again(); });
  }

  /** Closes it for good; open() begins again. */
  drop() {
    const socket = this.socket;
    this.socket = null;
    this.live = false;
    clearTimeout(this.timer);
    if (socket) { socket.onclose = null; socket.close(); }
  }
}
