/*
 * The style on the shadow tree: STYLE and DARK_STYLE are style.css and dark.css, put before this part by bundle.py.
 */

const luminance = (hex) => {
  const channel = (at) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
};

/** The embedding page's colour (#rgb or #rrggbb), darkened until white text on it has 4.5:1; null when it is no colour. */
const readableAccent = (value) => {
  let hex = /^#[\da-f]{3}$/i.test(value) ? '#' + [...value.slice(1)].map((c) => c + c).join('') : value;
  if (!/^#[\da-f]{6}$/i.test(hex)) return null;
  while (1.05 / (luminance(hex) + 0.05) < 4.5) {
    hex = '#' + [1, 3, 5].map((at) => Math.floor(parseInt(hex.slice(at, at + 2), 16) * 0.95).toString(16).padStart(2, '0')).join('');
  }
  return hex;
};

/**
 * Gives a shadow tree its style. Constructed style sheets pass `style-src 'self'`; an older browser gets a <style> element.
 * @param {ShadowRoot} shadow
 * @param {{colour: string, theme: string}} wish the page's colour (ignored when it is none) and auto, light or dark
 */
const adoptStyle = (shadow, { colour, theme }) => {
  const accent = readableAccent(colour);
  let css = STYLE;
  if (theme === 'dark') css += DARK_STYLE;
  if (theme === 'auto') css += `@media (prefers-color-scheme:dark){${DARK_STYLE}}`;
  if (accent) css += `:host{--accent:${accent};--accent-strong:color-mix(in srgb,${accent} 80%,#000)}`;
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    shadow.adoptedStyleSheets = [sheet];
  } catch {
    shadow.append(h('style', null, css));
  }
};
