/*
 * One request to the server, ids, and how long to wait for the next.
 */

/** How long to wait before the next attempt, in milliseconds: doubling from 1 s to 30 s, ±20 % so that all do not return at once. */
const backOff = (attempt, random = Math.random) => Math.min(30000, 1000 * 2 ** Math.min(attempt, 5)) * (0.8 + 0.4 * random());

/** How soon to ask again when there is no socket, in milliseconds. */
const pollDelay = ({ awaiting, owner, hidden }) => (awaiting ? 1000 : owner === 'bot' ? 15000 : 3000) * (hidden ? 3 : 1);

/** A random UUID; crypto.randomUUID only exists in secure contexts, getRandomValues everywhere. */
const newId = () => {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};

// Taken while the script loads: what the page puts in its place later does not concern us.
const pageFetch = window.fetch;

/**
 * One request to the server.
 * @returns {Promise<{status: number, data: any, retryAfter: number}>} status 0 when the server was not reached
 */
const call = async (method, path, { token, body, keepalive = false } = {}) => {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), REQUEST_TIMEOUT_MS);
  try {
    const headers = {};
    if (token) headers.Authorization = `Bearer ${token}`;
    if (body) headers['Content-Type'] = 'application/json';
    const response = await pageFetch.call(window, new URL(path, BASE).href, {
      method, headers, body: body && JSON.stringify(body), credentials: 'omit', cache: 'no-store', redirect: 'error', keepalive, signal: abort.signal,
    });
    let data = null;
    if (response.status !== 204) data = await response.json().catch(() => null);
    // A 2xx whose body never arrived whole is no acknowledgement.
    if (response.ok && response.status !== 204 && data === null) return { status: 0, data: null, retryAfter: 0 };
    return { status: response.status, data, retryAfter: Number(response.headers.get('Retry-After')) * 1000 || 0 };
  } catch {
    return { status: 0, data: null, retryAfter: 0 };
  } finally {
    clearTimeout(timer);
  }
};
