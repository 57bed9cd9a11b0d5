// The page of deliveries: how each channel account stands, and the messages that have not gone out.

import { get, post } from "./api.js";
import { ask } from "./dialogs.js";
import { field, h, icon, refill, toast } from "./dom.js";
import { dayAndClock, t, tOr, waited } from "./i18n.js";

const AGAIN_MS = 10_000;
const STATES = ["dead", "ambiguous", "pending"];
const COUNTED = { dead: "dead", ambiguous: "held", pending: "waiting" };
const SMS = new Set(["elks", "twilio", "sinch"]);

/** `Sms (elks:main)` */
function named(account) {
  const provider = account.split(":")[0];
  const channel = tOr(`channel.${SMS.has(provider) ? "sms" : provider}`, "");
  return channel ? `${channel} (${account})` : account;
}

export class DeliveriesView {
  constructor() {
    this.state = "dead";
    this.account = "";
    this.shown = null; // what the server said last
    this.asked = 0;
  }

  element() {
    this.accounts = h("div", { class: "accounts" });
    this.filter = h("div", { class: "filter" });
    this.heading = h("h2", { tabindex: "-1" }, t("deliveries.messages"));
    this.list = h("div", { class: "letters", "aria-live": "off" }, h("p", { class: "empty" }, t("deliveries.loading")));
    const page = h("main", { class: "admin deliveries", id: "main", tabindex: "-1" },
      h("h1", {}, t("deliveries")), h("p", { class: "lead" }, t("deliveries.lead")),
      h("section", { class: "card", "aria-label": t("deliveries.accounts") }, h("h2", {}, t("deliveries.accounts")), this.accounts),
      h("section", { class: "card", "aria-label": t("deliveries.messages") }, this.heading, this.filter, this.list));
    const news = () => this.load().catch(() => {});
    document.addEventListener("deliveries", news);
    const timer = setInterval(() => {
      if (page.isConnected) return document.visibilityState === "visible" && news();
      clearInterval(timer);
      document.removeEventListener("deliveries", news);
    }, AGAIN_MS);
    this.load().catch((error) => this.failed(error));
    return page;
  }

  path(offset) {
    return `/deliveries?state=${this.state}&offset=${offset}${this.account ? `&account=${encodeURIComponent(this.account)}` : ""}`;
  }

  /** Reads what is shown anew; an answer that a later question has overtaken is not drawn. */
  async load() {
    const asked = ++this.asked;
    const found = await get(this.path(0));
    if (asked !== this.asked) return;
    this.shown = found;
    this.draw();
  }

  async more() {
    const asked = ++this.asked;
    const before = this.shown.deliveries;
    const found = await get(this.path(before.length));
    if (asked !== this.asked) return;
    const known = new Set(before.map((letter) => letter.message_id));
    this.shown = { ...found, deliveries: [...before, ...found.deliveries.filter((letter) => !known.has(letter.message_id))] };
    this.draw();
  }

  draw() {
    const { accounts, deliveries, more } = this.shown;
    refill(this.accounts, accounts.length ? accounts.map((account) => this.accountCard(account)) : h("p", { class: "empty" }, t("deliveries.no_accounts")));
    this.drawFilter(accounts);
    // Read again every few seconds: a list in which nothing but seconds have passed stays as it is.
    const drawn = JSON.stringify([this.state, more, deliveries.map((letter) => ({ ...letter, age_seconds: waited(letter.age_seconds).replace(/^\d+ s$/, "") }))]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    refill(this.list,
      h("p", { class: "hint" }, t(`deliveries.${this.state}_lead`)),
      deliveries.length ? h("ul", {}, deliveries.map((letter) => this.letter(letter))) : h("p", { class: "empty" }, icon("check"), t(`deliveries.empty_${this.state}`)),
      more && h("button", { type: "button", dataset: { focus: "more" }, onclick: () => this.more().catch((error) => this.failed(error)) }, t("deliveries.more")));
  }

  drawFilter(accounts) {
    const count = (state) => accounts.filter(({ account }) => !this.account || account === this.account).reduce((sum, account) => sum + account[COUNTED[state]], 0);
    const choose = (event) => {
      this[event.target.name] = event.target.value;
      this.load().catch((error) => this.failed(error));
    };
    const known = new Set([...accounts.map(({ account }) => account), this.account].filter(Boolean));
    const options = {
      state: STATES.map((state) => [state, t("deliveries.option", { state: t(`deliveries.${state}`), n: count(state) })]),
      account: [["", t("deliveries.all_accounts")], ...[...known].map((account) => [account, named(account)])],
    };
    // A list that somebody has open just now is not replaced: only its words change.
    const selects = Object.fromEntries([...this.filter.querySelectorAll("select")].map((select) => [select.name, select]));
    if (selects.account?.options.length === options.account.length) {
      for (const [name, list] of Object.entries(options)) list.forEach(([value, text], n) => Object.assign(selects[name].options[n], { value, textContent: text }));
      return;
    }
    const select = (name) => h("select", { name, onchange: choose, dataset: { focus: name }, id: `deliveries-${name}` },
      options[name].map(([value, text]) => h("option", { value, selected: value === this[name] }, text)));
    refill(this.filter, field(t("deliveries.show"), select("state")), field(t("deliveries.account"), select("account")));
  }

  accountCard(account) {
    const [tone, words] = !account.switched_on ? ["bad", t("deliveries.off")]
      : account.rests_seconds > 0 ? ["bad", t("deliveries.rests", { when: waited(account.rests_seconds) })]
      : account.trying ? ["bad", t("deliveries.trying")] : ["good", t("deliveries.sends")];
    const number = (name, value, bad = false) => h("div", {}, h("dt", {}, name), h("dd", { class: bad && value ? "bad" : null }, String(value)));
    return h("section", { class: "account", "aria-label": named(account.account) },
      h("div", { class: "account-head" }, h("h3", {}, named(account.account)), h("span", { class: `sign ${tone}` }, h("span", { class: "dot", "aria-hidden": "true" }), words)),
      h("dl", {}, number(t("deliveries.pending"), account.waiting), number(t("deliveries.dead"), account.dead, true), number(t("deliveries.ambiguous"), account.held, true),
        number(t("deliveries.oldest"), account.oldest_waiting_seconds === null ? t("deliveries.none") : waited(account.oldest_waiting_seconds))),
      account.dead > 0 && h("button", { class: "small", type: "button", dataset: { focus: `all ${account.account}` }, "aria-label": `${t("deliveries.resend_all")}: ${named(account.account)}`,
        onclick: () => this.resendAll(account) }, icon("undo"), t("deliveries.resend_all")));
  }

  letter(letter) {
    const when = dayAndClock(letter.created_at);
    const press = (kind, sign, act) => h("button", { class: "small", type: "button", dataset: { focus: `${kind} ${letter.message_id}`, kind },
      "aria-label": t("deliveries.named", { what: t(`deliveries.${kind}`), when, account: letter.account }), onclick: act }, icon(sign), t(`deliveries.${kind}`));
    const waits = this.state === "pending";
    return h("li", { class: "letter" },
      h("div", { class: "letter-what" },
        h("p", { class: "letter-head" }, h("strong", {}, h("time", { datetime: letter.created_at }, when)), ` · ${t(`author.${letter.author}`)} · ${named(letter.account)}`),
        (letter.error || !waits) && h("p", { class: waits ? "hint" : "reason" }, letter.error || t("deliveries.no_error")),
        letter.kept_back && h("p", { class: "hint" }, t(`deliveries.${letter.kept_back}`)),
        h("p", { class: "hint facts" }, h("span", {}, t("deliveries.age", { age: waited(letter.age_seconds) })), h("span", {}, t("deliveries.tries", { n: letter.attempts })),
          letter.parts_sent > 0 && h("span", {}, t("deliveries.parts", { n: letter.parts_sent })),
          waits && h("span", {}, t("deliveries.next", { when: dayAndClock(letter.next_attempt_at) })))),
      h("div", { class: "actions" },
        !waits && !letter.kept_back && press("resend", "undo", () => this.resend(letter)),
        press("discard", "stop", () => this.discard(letter))));
  }

  async resend(letter) {
    const held = this.state === "ambiguous";
    if (held && !(await ask({ title: t("deliveries.again_title"), lead: t("deliveries.again_lead"), submit: t("deliveries.resend"), collect: () => ({}) }))) return;
    await this.decide(letter, "resend", "deliveries.resent");
  }

  async discard(letter) {
    if (!(await ask({ title: t("deliveries.discard_title"), lead: t("deliveries.discard_lead"), submit: t("deliveries.discard"), style: "danger", collect: () => ({}) }))) return;
    await this.decide(letter, "discard", "deliveries.discarded");
  }

  async decide(letter, kind, done) {
    const place = this.shown.deliveries.findIndex(({ message_id: id }) => id === letter.message_id);
    try {
      await post(`/deliveries/${letter.message_id}/${kind}`);
      toast(t(done), "good");
    } catch (error) {
      this.failed(error);
    }
    await this.load().catch(() => {});
    // The row is gone: on to the one that took its place, else to the heading.
    const rows = [...this.list.querySelectorAll("li")];
    const next = rows[Math.min(Math.max(place, 0), rows.length - 1)];
    (next?.querySelector(`[data-kind="${kind}"]`) ?? next?.querySelector("button") ?? this.heading).focus();
  }

  async resendAll(account) {
    const hours = h("select", {}, [["1", "hour"], ["24", "day"], ["", "every"]].map(([value, name]) => h("option", { value, selected: value === "24" }, t(`deliveries.${name}`))));
    const chosen = await ask({ title: t("deliveries.all_title"), lead: t("deliveries.all_lead", { account: named(account.account), n: account.dead }), submit: t("deliveries.resend"),
      collect: () => ({ account: account.account, hours: hours.value ? Number(hours.value) : null }) }, field(t("deliveries.which"), hours));
    if (!chosen) return;
    try {
      const { resent, kept_back: kept } = await post("/deliveries/resend", chosen);
      toast(t("deliveries.resent_all", { n: resent, kept }), "good");
    } catch (error) {
      this.failed(error);
    }
    await this.load().catch(() => {});
    (this.accounts.querySelector(`[data-focus="all ${CSS.escape(account.account)}"]`) ?? this.heading).focus();
  }

  failed(error) {
    if (error.status === 401) return;
    if (error.code === "kept_back") toast(t(`deliveries.${error.details.reason}`), "bad");
    else if (error.code === "wrong_state" || error.status === 404) toast(t("deliveries.changed"), "bad");
    else toast(error.status === 0 ? t("offline") : t("error.unknown", { message: error.message }), "bad");
  }
}
