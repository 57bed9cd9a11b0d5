/*
 * Plain text and what can be seen in it: characters, links, telephone numbers, paragraphs, lists. Pure: no DOM.
 */

/** The number of characters as the server counts them (code points, not UTF-16 units). */
const countCharacters = (text) => [...text].length;

/** An address that may be put in a link, or null. Only web addresses: never javascript:, data: and the like. */
const safeUrl = (value) => {
  try {
    const url = new URL(String(value));
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null;
  } catch { return null; }
};

const SHORT_NUMBER = '112|1177|11313|113\\s13|11414|114\\s14|116\\s?111|116\\s?117|116\\s?000|116\\s?006|90\\s?101';
const LINKABLE = new RegExp(
  'https://[^\\s<>"\'«»]+' +
  '|\\+\\d{1,3}[\\s-]?(?:\\(0\\)\\s?)?\\d[\\d\\s-]{5,13}\\d' +
  '|0\\d{1,3}\\s?[-–]\\s?\\d[\\d ]{3,11}\\d' +
  `|(?:${SHORT_NUMBER})(?![\\d.,:-]*\\d|[.]\\w|\\s?(?:kr|SEK|%|år|st|m\\b))`, 'gi');

/**
 * Splits one line into text and links.
 * @param {string} line
 * @returns {{text: string, href?: string}[]} in order; the texts joined are exactly the line
 */
const linkify = (line) => {
  const parts = [];
  let from = 0;
  const plain = (to) => { if (to > from) parts.push({ text: line.slice(from, to) }); };
  for (const match of line.matchAll(LINKABLE)) {
    let found = match[0];
    const before = line[match.index - 1] || ' ';
    let href = null;
    if (/^https:/i.test(found)) {
      found = found.replace(/[.,;:!?]+$/, '');
      const count = (sign) => found.split(sign).length;
      while (found.endsWith(')') && count(')') > count('(')) found = found.slice(0, -1).replace(/[.,;:!?]+$/, '');
      href = safeUrl(found);
    } else {
      const digits = found.replace(/\(0\)|[^\d+]/g, '');
      const long = /^[0+]/.test(found);
      const after = line[match.index + found.length] || ' ';
      if (!/[\p{L}\d.,:/+-]/u.test(before) && !/[\p{L}\d]/u.test(after) && (!long || digits.length >= 8)) href = `tel:${digits}`;
    }
    if (!href) continue;
    plain(match.index);
    parts.push({ text: found, href });
    from = match.index + found.length;
  }
  plain(line.length);
  return parts;
};

/**
 * Splits a plain text into paragraphs and lists.
 * @param {string} text
 * @returns {{kind: 'p'|'ul'|'ol', start?: number, lines: string[]}[]}
 */
const blocks = (text) => {
  const out = [];
  let open = null;
  for (const raw of String(text).replace(/\r\n?/g, '\n').split('\n')) {
    const line = raw.trimEnd();
    const numbered = /^\s*(\d{1,3})\.\s+(.*)$/.exec(line);
    const dashed = /^\s*[-•]\s+(.*)$/.exec(line);
    if (!line.trim()) { open = null; continue; }
    const kind = numbered ? 'ol' : dashed ? 'ul' : 'p';
    if (!open || open.kind !== kind) {
      open = { kind, lines: [] };
      if (numbered) open.start = Number(numbered[1]);
      out.push(open);
    }
    open.lines.push(numbered ? numbered[2] : dashed ? dashed[1] : line);
  }
  return out;
};
