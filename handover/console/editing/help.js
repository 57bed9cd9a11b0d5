import { h } from "../dom.js";
import { t } from "../i18n.js";

const ROWS = [
  [["/"], "keys.search"], [["↑", "↓"], "keys.move"], [["Ctrl", "S"], "keys.save"], [["Ctrl", "Enter"], "keys.propose"], [["←", "→"], "keys.tab"],
];

/** The keys of the knowledge base. */
export function helpDialog() {
  const dialog = h("dialog", { "aria-labelledby": "dialog-title", onclose: () => dialog.remove() },
    h("h2", { id: "dialog-title" }, t("articles.help")),
    h("table", { class: "keys" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("help.keys")), h("th", { scope: "col" }, t("help.does")))),
      h("tbody", {}, ROWS.map(([keys, does]) => h("tr", {}, h("td", {}, keys.map((key, n) => [n ? " " : "", h("kbd", {}, key)])), h("td", {}, t(does)))))),
    h("div", { class: "dialog-foot" }, h("button", { class: "primary", type: "button", onclick: () => dialog.close() }, t("close_dialog"))));
  document.body.append(dialog);
  dialog.showModal();
}
