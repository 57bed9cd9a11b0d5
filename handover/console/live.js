// News over the WebSocket. After every (re)connection the console reads everything again, so a lost frame costs nothing.

const HEARTBEAT_MS = 20_000;
const LONGEST_WAIT_MS = 15_000;
const SILENCE_MS = 60_000; // the server answers every heartbeat: after so long without a word the line is dead

/** Opens and keeps the connection. `on` = {frame, open, down, unauthorized}; returns a function that closes it. */
export function connect(on) {
  let socket, beat, retry, heard;
  let attempts = 0;
  let closed = false;

  function open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}/desk/v1/events`);
    heard = Date.now();
    socket.onmessage = ({ data }) => {
      heard = Date.now();
      const frame = JSON.parse(data);
      if (frame.type === "hello") {
        attempts = 0;
        on.open();
      } else if (frame.type === "error") {
        closed = true;
        on.unauthorized();
      } else if (frame.type !== "pong") on.frame(frame);
    };
    socket.onclose = () => {
      clearInterval(beat);
      if (closed) return;
      on.down();
      // Random, so that a restarted server does not meet all consoles in the same second.
      const wait = Math.min(500 * 2 ** attempts++, LONGEST_WAIT_MS) * (0.5 + Math.random() / 2);
      retry = setTimeout(open, wait);
    };
    beat = setInterval(() => {
      if (Date.now() - heard > SILENCE_MS) socket.close();
      else if (socket.readyState === WebSocket.OPEN) socket.send('{"type":"heartbeat"}');
    }, HEARTBEAT_MS);
  }

  open();
  return () => {
    closed = true;
    clearTimeout(retry);
    clearInterval(beat);
    socket.close();
  };
}
