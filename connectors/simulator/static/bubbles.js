// Draws one phone's messages. Everything is set as text, never as HTML.
const MARKS = {
  pending: ["…", "väntar"], sending: ["…", "på väg"], sent: ["✓", "skickat"], delivered: ["✓✓", "framme"], read: ["✓✓", "läst"], failed: ["!", "gick inte fram"],
  taken: ["✓", "staden har det"], refused: ["!", "staden tog inte emot det"], unanswered: ["!", "staden svarade inte"],
};

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function link(address, text) {
  const made = element("a", "", text);
  made.href = address;
  made.target = "_blank";
  made.rel = "noopener";
  return made;
}

/** A text in pieces {text, bold?, link?}; addresses in it can be followed. */
function paragraph(pieces) {
  const made = element("p", "text");
  for (const piece of pieces) {
    const parts = piece.link ? [] : piece.text.split(/(https?:\/\/[^\s]+)/);
    const target = piece.bold ? element("b") : made;
    if (/^https?:/.test(piece.link ?? "")) target.append(link(piece.link, piece.text));
    for (const part of parts) target.append(/^https?:\/\//.test(part) ? link(part, part) : part);
    if (piece.bold) made.append(target);
  }
  return made;
}

function note(message) {
  const [sign, said] = MARKS[message.state] ?? ["", message.state];
  const line = element("p", "note");
  const mark = element("span", message.state === "read" ? "read" : sign === "!" ? "failed" : "", sign);
  mark.setAttribute("aria-hidden", "true");
  const time = new Date(message.at).toLocaleTimeString("sv-SE", { hour: "2-digit", minute: "2-digit" });
  const parts = message.parts ? `${message.parts} ${message.parts === 1 ? "del" : "delar"} ${message.alphabet} · ` : "";
  line.append(`${parts}${time} `, mark, element("span", "hidden", said));
  if (message.error) line.append(` ${message.error}`);
  return line;
}

/** One message; `press(index)` is called for its buttons, which only the last message that has any can be asked. */
export function bubble(message, press) {
  const item = element("li", message.own ? "own" : "");
  const body = element("div", "bubble");
  body.append(element("span", "hidden", message.own ? "Du: " : "Fråga Göteborg: "), paragraph(message.pieces ?? [{ text: message.text }]));
  if (message.buttons.length) {
    const row = element("div", "buttons");
    message.buttons.forEach((title, index) => {
      const button = element("button", "", title);
      button.type = "button";
      button.dir = "auto";
      button.disabled = !press;
      if (press) button.addEventListener("click", () => press(index));
      row.append(button);
    });
    body.append(row);
  }
  body.append(note(message));
  item.append(body);
  return item;
}
