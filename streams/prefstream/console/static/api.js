// The API as the pages call it: JSON, with the session's CSRF token.

/** The server could not be reached, or is not well; the same again later may do. */
export class Away extends Error {}

/** The session is over. */
export class LoggedOut extends Error {}

/** The server will not do it, and says why. */
export class Refused extends Error {
  constructor(status, document) {
    super(document.detail || document.title || String(status));
    this.status = status;
    this.kind = (document.type || "").replace("urn:prefstream:problem:", "");
    this.document = document;
  }
}

const PATIENCE_MS = 15000;
let clockOffsetMs = 0;

/** The server's time, as near as its answers tell. */
export function serverNow() {
  return Date.now() + clockOffsetMs;
}

/**
 * Call the server.
 * @returns the document of the answer; null where it has none.
 */
export async function call(method, path, body, { keepalive = false } = {}) {
  const answer = await reach(method, path, body, keepalive);
  noteClock(answer);
  if (answer.status === 204) return null;
  const document = await documentOf(answer);
  if (answer.ok) return document;
  if (answer.status === 401) throw new LoggedOut();
  if (answer.status === 429 || answer.status >= 500) throw new Away(document.detail || String(answer.status));
  throw new Refused(answer.status, document);
}

/** Log in as somebody and take over the new session's token. */
export async function logIn(name, password) {
  const answer = await reach("POST", "/api/v1/session", { name, password }, false);
  if (!answer.ok) throw new Refused(answer.status, await documentOf(answer));
  await takeSession(name);
}

/** Take over the token of the session that the browser has now. */
export async function takeSession(name) {
  const answer = await reach("GET", "/api/v1/session", undefined, false);
  if (!answer.ok) throw new LoggedOut();
  const session = await answer.json();
  if (session.person_id !== name) {
    location.assign("/work"); // somebody else logged in: this page is not theirs
    return;
  }
  meta().content = session.csrf_token;
}

async function reach(method, path, body, keepalive) {
  const headers = { Accept: "application/json", "X-CSRF-Token": meta().content };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    return await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      redirect: "error",
      keepalive,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch (error) {
    throw new Away(error.message);
  }
}

async function documentOf(answer) {
  try {
    return await answer.json();
  } catch (error) {
    if (answer.ok) throw new Away(error.message); // cut off
    return { status: answer.status };
  }
}

function noteClock(answer) {
  const said = Date.parse(answer.headers.get("date") || "");
  if (!Number.isNaN(said)) clockOffsetMs = said - Date.now();
}

function meta() {
  return document.querySelector('meta[name="csrf-token"]');
}
