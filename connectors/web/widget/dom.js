/*
 * Elements, icons and text nodes.
 */

const ICONS = {
  bubble: 'M4 5.5A2.5 2.5 0 0 1 6.5 3h11A2.5 2.5 0 0 1 20 5.5v8a2.5 2.5 0 0 1-2.5 2.5H11l-5 4.5V16h.5A2.5 2.5 0 0 1 4 13.500zM8.500 8h7M8.500 11.500h4.500',
  close: 'M6 6l12 12M18 6L6 18', menu: 'M12 5.500v.01M12 12v.01M12 18.500v.01', send: 'M4 12h15M13 5.500 19.500 12 13 18.500', globe: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M3.500 12h17M12 3c3 3 3.500 6 3.500 9s-.5 6-3.500 9c-3-3-3.500-6-3.500-9s.5-6 3.500-9',
  info: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 11v5M12 7.800v.01', person: 'M12 4a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7M5 20c.6-3.600 3.400-5.500 7-5.500s6.400 1.900 7 5.500', up: 'M7 11v9H4v-9zM7 11l4-7.500c1.500 0 2.500 1 2.200 2.700L12.700 9.500H18a2 2 0 0 1 2 2.300l-1 6.200a2.300 2.300 0 0 1-2.300 2H7',
  down: 'M7 13V4H4v9zM7 13l4 7.500c1.500 0 2.500-1 2.200-2.700l-.5-3.300H18a2 2 0 0 0 2-2.300L19 6a2.300 2.300 0 0 0-2.300-2H7', out: 'M9 5H5v14h14v-4M13 4h7v7M20 4l-9 9', latest: 'M12 5v13M6 12.500l6 6 6-6', end: 'M4 12h10M10 7.500 14.500 12 10 16.500M13 4h6v16h-6', fresh: 'M12 5v14M5 12h14',
  save: 'M12 4v11M7 10.500l5 5 5-5M5 20h14', print: 'M7 8V4h10v4M7 17H4v-8h16v8h-3M7 14h10v6H7z', copy: 'M9 9h10v11H9zM15 9V4H5v11h4', shield: 'M12 3l7 2.500v5.500c0 4.600-2.900 7.800-7 10-4.100-2.200-7-5.400-7-10V5.500z', clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 7v5l3.500 2', minus: 'M6 12h12',
  phone: 'M7 3h10v18H7zM11 18h2', key: 'M8 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6M11 12h9v3M17 12v2.500', mail: 'M4 6h16v12H4zM4 7l8 6 8-6', access: 'M12 4v.01M5 8.500l7 1.500 7-1.500M12 10v4.500l-3 5.500M12 14.500l3 5.500',
};

const icon = (name, flip = false) => {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', flip ? 'flip' : `i-${name}`);
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
};

/** An element; functions become listeners, false and null are left out, strings become text nodes. */
const h = (tag, properties, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false && child !== ''));
  return element;
};

const lineNodes = (line) => linkify(line).map(({ text, href }) => {
  if (!href) return text;
  return h('a', href.startsWith('tel:') ? { href, dir: 'ltr' } : { href, target: '_blank', rel: 'noopener noreferrer', dir: 'ltr' }, text);
});

const textNodes = (text) => blocks(text).map((block) => {
  if (block.kind === 'p') return h('p', null, block.lines.flatMap((line, at) => (at ? [h('br'), ...lineNodes(line)] : lineNodes(line))));
  return h(block.kind, block.start > 1 ? { start: block.start } : null, block.lines.map((line) => h('li', null, lineNodes(line))));
});
