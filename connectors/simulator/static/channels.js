// The phones of /demo/channels: asks for what is new twice a second while the page is seen, and draws what has changed.
import { bubble } from "./bubbles.js";

const BASE = "/demo/channels";
const NAMES = { sms: "SMS", telegram: "Telegram", whatsapp: "WhatsApp", messenger: "Messenger" };
const phones = new Map(); // by channel
let version = "";
let asking = false;

const trouble = document.getElementById("fel");

function tell(text) {
  trouble.textContent = text;
  trouble.hidden = !text;
}

class Phone {
  constructor(channel) {
    this.channel = channel;
    this.operators = new Map(); // provider → what the server last said of it
    this.operator = "";
    this.drawn = []; // what each bubble was drawn from
    const part = document.getElementById("mall").content.cloneNode(true);
    this.node = part.querySelector("section");
    this.node.dataset.channel = channel;
    this.node.id = `telefon-${channel}`;
    const title = this.node.querySelector("h2");
    title.textContent = NAMES[channel] ?? channel;
    title.id = `rubrik-${channel}`;
    this.node.setAttribute("aria-labelledby", title.id);
    this.log = this.node.querySelector(".log");
    this.log.setAttribute("aria-label", `Meddelanden, ${title.textContent}`);
    this.field = this.node.querySelector("textarea");
    this.field.id = `skriv-${channel}`;
    const label = this.node.querySelector(".compose label");
    label.htmlFor = this.field.id;
    label.textContent = `Meddelande, ${title.textContent}`;
    this.node.querySelector(".compose").addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.send(); }
    });
    this.node.querySelector(".picture").addEventListener("click", () => this.post("messages", { picture: true, text: "" }));
    this.node.querySelector(".anew").addEventListener("click", () => this.post("citizen", {}));
    const fault = this.node.querySelector(".fault");
    fault.addEventListener("submit", (event) => { event.preventDefault(); this.post("faults", { kind: fault.querySelector("select").value, count: 1 }); });
    this.choice = this.node.querySelector(".operator select");
    this.choice.addEventListener("change", () => { this.operator = this.choice.value; this.draw(); });
    document.getElementById("telefoner").append(this.node);
    const link = document.createElement("a");
    link.href = `#${this.node.id}`;
    link.textContent = title.textContent;
    document.getElementById("genvagar").append(link);
  }

  knows(state) {
    if (!this.operators.has(state.provider)) {
      this.choice.add(new Option(state.title, state.provider));
      this.operator ||= state.provider;
    }
    this.operators.set(state.provider, state);
    this.node.querySelector(".operator").hidden = this.operators.size < 2;
  }

  draw() {
    const state = this.operators.get(this.operator);
    const by = this.operators.size > 1 ? ` · ${state.title}` : "";
    this.node.querySelector(".who").textContent = `${state.address}${by}`;
    const asked = state.messages.findLast((message) => message.buttons.length);
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 60;
    const wanted = state.messages.map((message) => JSON.stringify([message, message === asked, this.operator]));
    let grown = false;
    wanted.forEach((key, index) => {
      if (this.drawn[index] === key) return;
      const message = state.messages[index];
      const made = bubble(message, message === asked ? (choice) => this.post("presses", { choice }) : null);
      const old = this.log.children[index];
      if (old) old.replaceWith(made);
      else { this.log.append(made); grown = true; }
    });
    while (this.log.children.length > wanted.length) this.log.lastChild.remove();
    this.drawn = wanted;
    if (grown && atEnd) this.log.scrollTop = this.log.scrollHeight;
    const meter = [];
    if (state.parts !== undefined) meter.push(`${state.parts} SMS-delar, ${state.cost} kr`);
    if (state.waiting) meter.push(`${state.waiting} i kö hos staden`);
    if (state.fault) meter.push("störning ordnad");
    this.node.querySelector(".meter").textContent = meter.join(" · ");
  }

  async send() {
    const text = this.field.value;
    if (!text.trim()) { this.field.focus(); return; }
    this.field.value = "";
    this.log.scrollTop = this.log.scrollHeight;
    if (!(await this.post("messages", { text }))) this.field.value = text;
  }

  async post(what, body) {
    try {
      const answer = await fetch(`${BASE}/${this.operator}/${what}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
      tell(answer.ok ? "" : "Det gick inte. Ladda om sidan och försök igen.");
      ask();
      return answer.ok;
    } catch {
      tell("Assistenten svarar inte. Är den igång?");
      return false;
    }
  }
}

async function ask() {
  if (asking) return;
  asking = true;
  try {
    const answer = await fetch(`${BASE}/state?version=${version}`);
    if (answer.status === 200) {
      const state = await answer.json();
      version = state.version;
      for (const each of state.phones) {
        if (!phones.has(each.channel)) phones.set(each.channel, new Phone(each.channel));
        phones.get(each.channel).knows(each);
      }
      for (const phone of phones.values()) phone.draw();
    }
    if (answer.ok) tell("");
  } catch {
    tell("Assistenten svarar inte. Är den igång?");
  } finally {
    asking = false;
  }
}

setInterval(() => { if (!document.hidden) ask(); }, 500);
ask();
