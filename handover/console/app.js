// Starts the console: login, then the desk, the knowledge base or the administration, as the address after # says.

import * as api from "./api.js";
import { adminView } from "./admin.js";
import { Desk } from "./desk.js";
import { h } from "./dom.js";
import { ArticlesRoom } from "./editing/room.js";
import { header } from "./header.js";
import { t } from "./i18n.js";
import { loginView } from "./login.js";
import { apply, preferences } from "./preferences.js";

const root = document.getElementById("app");
let me = null;
let desk = null;
let articles = null;
let drawn = null; // the room on the page
let address = location.hash; // the one on the page, to go back to when a room may not be left

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
  articles?.stop();
  me = desk = articles = drawn = null;
  document.title = t("title");
  root.replaceChildren(loginView({ why, entered, changed: () => loggedOut(why) }));
}

async function entered(login) {
  me = login.agent;
  api.configure({ token: login.csrf_token });
  articles = new ArticlesRoom(me);
  if (me.role !== "editor") {
    desk = new Desk(me, { redraw: redraw, loggedOut: () => loggedOut("login.expired") });
    await desk.start();
  }
  draw();
}

async function leave() {
  if (articles && !(await articles.mayLeave())) return;
  await api.post("/logout").catch(() => {});
  loggedOut(null);
}

/** The room that the address names and the role may enter; an editor has the knowledge base only. */
function wanted() {
  if (location.hash === "#admin" && me.role === "admin") return "admin";
  return !desk || location.hash.startsWith("#/articles") ? "articles" : "desk";
}

/** Draws the page anew: at entry, on a change of language, when going from room to room. */
function draw() {
  if (!me) return;
  const where = wanted();
  if (drawn === "articles") articles.stop();
  drawn = where;
  address = location.hash;
  document.documentElement.lang = preferences.language;
  root.replaceChildren(
    h("a", { class: "skip", href: "#main", onclick: (event) => { event.preventDefault(); document.getElementById("main")?.focus(); } }, t(where === "articles" ? "skip.content" : "skip")),
    desk ? desk.header(leave, where) : header({ me, leave, where, redraw }),
    where === "articles" ? articles.view() : where === "admin" ? adminView({ me, changed: () => desk.loadDirectory() }) : desk.view(),
  );
  if (where === "desk") desk.refresh();
}

async function redraw() {
  if (drawn === "articles") await articles.settle();
  draw();
}

async function moved() {
  if (!me) return;
  if (drawn === "articles" && !(await articles.mayLeave())) {
    history.replaceState(null, "", address || "#/articles");
    return;
  }
  if (drawn === "articles" && wanted() === "articles") {
    address = location.hash;
    articles.go();
  } else draw();
}

addEventListener("hashchange", moved);
start();
