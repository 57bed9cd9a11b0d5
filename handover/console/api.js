// The desk's HTTP API. One place for the CSRF header and the form of errors.

export class ApiError extends Error {
  constructor(status, error) {
    super(error.message);
    Object.assign(this, { status, code: error.code, details: error });
  }
}

let csrf = "";
let onLoggedOut = () => {};

/** Called with the token of a login, and with what to do when the session has ended. */
export function configure({ token, loggedOut }) {
  if (token !== undefined) csrf = token;
  if (loggedOut) onLoggedOut = loggedOut;
}

async function call(method, path, body, pressed = false) {
  const headers = { Accept: "application/json", ...(pressed ? { "X-Pressed": "1" } : {}) };
  if (method !== "GET") Object.assign(headers, { "Content-Type": "application/json", "X-CSRF-Token": csrf });
  let response;
  try {
    response = await fetch(`/desk/v1${path}`, { method, headers, body: method === "GET" ? undefined : JSON.stringify(body ?? {}) });
  } catch {
    throw new ApiError(0, { code: "offline", message: "offline" });
  }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => ({ error: { code: "internal", message: response.statusText } }));
  if (response.ok) return answer;
  if (response.status === 401 && path !== "/login") onLoggedOut();
  throw new ApiError(response.status, answer.error ?? { code: "internal", message: response.statusText });
}

/** `pressed`: the agent asked for it, not the console by itself: it keeps the session from expiring. */
export const get = (path, { pressed = false } = {}) => call("GET", path, undefined, pressed);
export const post = (path, body) => call("POST", path, body);
export const patch = (path, body) => call("PATCH", path, body);
