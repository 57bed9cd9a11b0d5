/*
 * The conversation as a text that the citizen may keep: copied, saved or printed. Made in the browser, sent nowhere.
 */

/** @returns {string} what has been said, with names, times and sources */
const transcriptOf = (entries, texts) => entries.map((one) => {
  const time = one.created_at ? ` (${texts.format(new Date(one.created_at), { dateStyle: 'short', timeStyle: 'short' })})` : '';
  const sources = (one.sources || []).map((source) => `${texts.get('sources')}: ${source.title || ''} ${source.url}`);
  return [`${texts.speaker(one.author, one.agent_name)}${time}:`, one.text, ...sources].join('\n');
}).join('\n\n');

/**
 * Copies a text.
 * @param {string} text
 * @param {Element} within where a field may stand for a moment; the focus returns to where it was
 */
const copyText = async (text, within) => {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // No clipboard API outside secure contexts: the old way, with a field that is there for a moment.
    const focused = within.getRootNode().activeElement;
    const field = h('textarea', { class: 'vh', readonly: true, 'aria-hidden': 'true' });
    field.value = text;
    within.append(field);
    field.select();
    document.execCommand('copy');
    field.remove();
    if (focused) focused.focus();
  }
};

/** Saves a text as a file. */
const saveText = (text, within) => {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  const link = h('a', { href: url, download: `fraga-goteborg-${new Date().toISOString().slice(0, 10)}.txt` });
  within.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
};

/** Prints a text in an empty frame of the page's own origin, so that the page itself is not printed. */
const printText = (text, texts, within) => {
  const frame = h('iframe', { class: 'vh', 'aria-hidden': 'true', tabindex: -1 });
  within.append(frame);
  const inside = frame.contentDocument;
  inside.documentElement.lang = texts.language;
  inside.documentElement.dir = texts.direction;
  inside.title = texts.get('title');
  const heading = inside.createElement('h1');
  heading.textContent = texts.get('title');
  const body = inside.createElement('div');
  body.style.cssText = 'white-space:pre-wrap;font:12pt/1.5 sans-serif';
  body.textContent = text;
  inside.body.append(heading, body);
  frame.contentWindow.addEventListener('afterprint', () => frame.remove());
  frame.contentWindow.print();
};
