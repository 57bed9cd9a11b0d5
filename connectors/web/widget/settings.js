/*
 * Fråga Göteborg: the citizen's chat widget, <fraga-goteborg>. The address of the server, and the numbers the widget keeps to.
 *
 * The parts of this folder are joined into the one script /widget/fraga.js, in the order of connectors/web/bundle.py, inside one
 * function: a name at the top of a part is known in all parts, and to nobody else. Rules that hold in every part: text from the
 * server or the citizen only ever becomes text nodes; nothing is fetched from any other host than the script's own; no cookie; one
 * key in sessionStorage. See docs/widget.md.
 */

const TAG = 'fraga-goteborg';
const SCRIPT = document.currentScript || document.querySelector('script[src*="widget/fraga.js"]');
const BASE = new URL('../', (SCRIPT && SCRIPT.src) || document.baseURI);

/* The API's limits (docs/architecture.md, "Web channel"). */
const MAX_CHARACTERS = 2000;
const MAX_PAGE_URL = 500;
const COUNTER_FROM = 1800;
const STORAGE_KEY = 'fraga-goteborg';

const REQUEST_TIMEOUT_MS = 20000;
const UNMATCHED_ACK_MS = 4000; // an acknowledged message whose copy has not come back: ask for it
const AWAIT_REPLY_MS = 30000; // the longest we claim that the assistant is writing without hearing from it
const TYPING_SHOWN_MS = 6000;
const TYPING_SENT_EVERY_MS = 4000;
const SILENT_SOCKET_MS = 75000; // a half-open socket says nothing: replace it
const LANGUAGE_SETTLE_MS = 700; // arrow keys run through a closed <select>: send the one that was stopped at
const PRESS_GUARD_MS = 1500;
const SUGGEST_AFTER_MS = 200; // the citizen pauses
const SUGGEST_FROM = 3; // characters
const SUGGEST_MOST = 60; // more is a question of its own, not the beginning of one
const SIZES = [1, 1.125, 1.25, 1.5];
