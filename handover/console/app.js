// Starts the console: login, then the desk or the administration, as the address after # says.

import * as api from "./api.js";
import { adminView } from "./admin.js";
import { Desk } from "./desk.js";
import { h } from "./dom.js";
import { t } from "./i18n.js";
import { loginView } from "./login.js";
import { apply, preferences } from "./preferences.js";
import { header } from "./header.js";

const root = document.getElementById("app");
let me = null;
let desk = null;

async function start() {
  apply();
  api.configure({ loggedOut: () => loggedOut("login.expired") });
  try {
    await entered(await api.get("/me"));
  } catch {
    loggedOut(null);
  }
}

function loggedOut(why) {
  desk?.stop();
  me = desk = null;
  document.title = t("title");
  root.replaceChildren(loginView({ why, entered, changed: () => loggedOut(why) }));
}

async function entered(login) {
  me = login.agent;
  api.configure({ token: login.csrf_token });
  if (me.role === "editor") {
    root.replaceChildren(header({ me, leave }), h("main", { class: "plain" }, h("p", {}, t("not_your_room"))));
    return;
  }
  desk = new Desk(me, { redraw: draw, loggedOut: () => loggedOut("login.expired") });
  await desk.start();
  draw();
}

async function leave() {
  await api.post("/logout").catch(() => {});
  loggedOut(null);
}

/** Draws the page anew: at entry, on a change of language, when going to the administration and back. */
function draw() {
  if (!me || !desk) return;
  const inAdmin = location.hash === "#admin" && me.role === "admin";
  document.documentElement.lang = preferences.language;
  root.replaceChildren(
    h("a", { class: "skip", href: "#main" , onclick: (event) => { event.preventDefault(); document.getElementById("main")?.focus(); } }, t("skip")),
    desk.header(leave, inAdmin),
    inAdmin ? adminView({ me, changed: () => desk.loadDirectory() }) : desk.view(),
  );
  if (!inAdmin) desk.refresh();
}

addEventListener("hashchange", draw);
start();
