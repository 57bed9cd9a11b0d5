// Starts the console: login, then the desk, the knowledge base or the administration, as the address after # says.

import * as api from "./api.js";
import { accountView } from "./account.js";
import { adminView } from "./admin.js";
import { DeliveriesView } from "./deliveries.js";
import { Desk } from "./desk.js";
import { h } from "./dom.js";
import { ArticlesRoom } from "./editing/room.js";
import { header } from "./header.js";
import { t } from "./i18n.js";
import { loginView } from "./login.js";
import { overviewView } from "./pages/overview.js";
import { repliesView } from "./pages/replies.js";
import { apply, preferences } from "./preferences.js";
import { askIfBack, said } from "./tools/duty.js";

const root = document.getElementById("app");
let me = null;
let login = null;
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
    const refused = /^\?login=(oidc_[a-z_]+)$/.exec(location.search)?.[1]; // back from the provider in vain
    // What a provider has sent along, also after logging out, does not stay in the address.
    if (location.search) history.replaceState(null, "", location.pathname + location.hash);
    loggedOut(refused ? `login.${refused}` : null);
  }
}

function loggedOut(why) {
  said(null);
  desk?.stop();
  articles?.stop();
  me = desk = articles = drawn = null;
  document.title = t("title");
  root.replaceChildren(loginView({ why, entered, changed: () => loggedOut(why) }));
}

async function entered(opened) {
  login = opened;
  me = login.agent;
  api.configure({ token: login.csrf_token });
  if (login.must_enrol) return draw(); // nothing else is open yet
  articles = new ArticlesRoom(me);
  if (me.role !== "editor") {
    desk = new Desk(me, { redraw: redraw, loggedOut: () => loggedOut("login.expired") });
    await desk.start();
  }
  draw();
  if (desk) askIfBack(desk);
}

async function leave() {
  if (articles && !(await articles.mayLeave())) return;
  const external = login.method === "oidc";
  await api.post("/logout").catch(() => {});
  if (external) return location.assign("/desk/v1/oidc/logout");
  loggedOut(null);
}

/** The room that the address names and the role may enter; an editor has the knowledge base only. */
function wanted() {
  if (login.must_enrol || location.hash === "#account") return "account";
  if (location.hash === "#admin" && me.role === "admin") return "admin";
  if (location.hash === "#/overview" && desk) return "overview";
  if (location.hash === "#/replies" && ["supervisor", "admin"].includes(me.role)) return "replies";
  if (location.hash === "#/deliveries" && ["supervisor", "admin"].includes(me.role)) return "deliveries";
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
    h("a", { class: "skip", href: "#main", onclick: (event) => { event.preventDefault(); document.getElementById("main")?.focus(); } }, t(where !== "desk" ? "skip.content" : "skip")),
    desk ? desk.header(leave, where) : header({ me, leave, where, redraw, closed: login.must_enrol }),
    where === "account" ? accountView({ me, login, again }) : where === "articles" ? articles.view() : where === "deliveries" ? new DeliveriesView().element()
      : where === "overview" ? overviewView({ me, open: (id) => { location.hash = `#/handover/${id}`; } }) : where === "replies" ? repliesView({ departments: desk.directory.departments })
      : where === "admin" ? adminView({ me, changed: () => desk.loadDirectory() }) : desk.view(),
  );
  if (where !== "desk") return;
  const named = /^#\/handover\/([0-9a-f]{32})$/.exec(location.hash); // a link in a mail
  if (!named) return desk.refresh();
  address = "";
  history.replaceState(null, "", location.pathname); // once: the agent goes on from there
  desk.select(named[1]).catch(() => {});
}

/** What the login allows has changed: as after a login. */
async function again() {
  desk?.stop();
  desk = drawn = null;
  await entered(await api.get("/me"));
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
