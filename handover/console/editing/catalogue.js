// What all pages of the knowledge base share: the list of articles, and the tables that the forms offer.

import { get } from "../api.js";

export const catalogue = { rows: [], faulty: [], fresh: [], open: {}, areas: [], departments: {}, phones: {}, today: "", languages: [], loaded: false };

/** Reads the list anew. Throws an ApiError; what was known stays then. */
export async function loadCatalogue() {
  const found = await get("/articles");
  Object.assign(catalogue, found, { rows: found.articles, fresh: found.new, loaded: true });
}

/** Ids of the articles that contain all words of a text, in any language. */
export async function search(text) {
  const { articles, faulty } = await get(`/articles?q=${encodeURIComponent(text)}`);
  return new Set([...articles, ...faulty].map(({ id }) => id));
}

/** The writing direction of a language; the text itself decides for one that the assistant has no texts in. */
export function dirOf(code) {
  return catalogue.languages.find((language) => language.code === code)?.dir ?? "auto";
}

export function titleOf(id) {
  const titles = catalogue.rows.find((row) => row.id === id)?.titles;
  return titles?.[document.documentElement.lang] ?? titles?.sv ?? id;
}

export function departmentName(key) {
  const names = catalogue.departments[key];
  return names?.[document.documentElement.lang] ?? names?.sv ?? key;
}
