// What the page knows, and who is told when it changes.

import { setClock, setStore } from '/format.js';

const GOOD_NEWS_MS = 10000;
const SILENT_AFTER_MS = 25000; // the gateway sends something every 10 s at least

export const state = {
  snapshot: null,
  before: null, // the snapshot before that
  live: null, // null: not yet, true, false
  session: null, // as /api/session says
  notice: null, // {text, kind}: what came of the last action
};

let tell = () => {};
/** `show` is called after every change. */
export function onChange(show) {
  tell = show;
}
export const changed = () => tell();

/** What an action came to. */
export function notice(text, kind = 'good', spoken = undefined) {
  const said = text ? { text, kind, lang: spoken } : null;
  state.notice = said;
  // Good news need not be closed by hand.
  if (said && kind === 'good') setTimeout(() => { if (state.notice === said) notice(null); }, GOOD_NEWS_MS);
  changed();
}

// Data of one address ---------------------------------------------------------------------------------

const known = new Map(); // by address: {data, error, version, asked}
const KEPT = 12;

/** Whatever the gateway answers; an error has `status`, `text` and `wait` (seconds until the next try). */
export async function ask(url, options = {}) {
  let response;
  try {
    response = await fetch(url, options);
  } catch {
    throw Object.assign(new Error('no connection'), { status: 0, text: '' });
  }
  let body = null;
  try {
    body = await response.json();
  } catch { /* an answer without a body that can be read */ }
  if (response.ok) return body;
  const text = body && body.error ? body.error : '';
  throw Object.assign(new Error(text), { status: response.status, text, wait: Number(response.headers.get('Retry-After')) || 0 });
}

async function load(url, entry) {
  try {
    entry.data = await ask(url);
    entry.error = null;
  } catch (error) {
    entry.error = error;
    if (error.status === 0 || error.status >= 500) entry.version = null; // again, once it can answer
  }
  entry.busy = false;
  changed();
}

/** What is known of an address: {data, error}. Asked anew when `version` is another one than before. */
export function need(url, version = '') {
  let entry = known.get(url);
  if (!entry) {
    entry = { data: null, error: null, version: null, busy: false };
    known.set(url, entry);
    if (known.size > KEPT) known.delete(known.keys().next().value);
  }
  if (!entry.busy && entry.version !== version && state.live !== false) {
    entry.busy = true;
    entry.version = version;
    // Many changes in a row are asked for once.
    const wait = Math.max(0, (entry.asked || 0) + 1000 - Date.now());
    setTimeout(() => {
      entry.asked = Date.now();
      load(url, entry);
    }, wait);
  }
  return entry;
}

// The stream ------------------------------------------------------------------------------------------

let stream = null;
let lastSign = 0; // when the gateway was heard last, on this device's clock

function heard() {
  lastSign = Date.now();
  if (state.live === true) return;
  state.live = true;
  refreshSession();
  changed();
}

function lost() {
  if (state.live === false) return;
  state.live = false;
  changed();
}

export function connect() {
  if (stream) stream.close();
  stream = new EventSource('/api/stream');
  stream.onmessage = (event) => {
    heard();
    const next = JSON.parse(event.data);
    state.before = state.snapshot;
    state.snapshot = next;
    setStore(next.gateway);
    changed();
  };
  stream.addEventListener('beat', (event) => {
    heard();
    const { time } = JSON.parse(event.data);
    if (time) setClock(time);
  });
  stream.onerror = () => {
    lost();
    // A refused stream (too many open pages) is not tried again by the browser itself.
    if (stream.readyState === EventSource.CLOSED) setTimeout(connect, 5000);
  };
}

/** To be called every second. */
export function watch() {
  if (lastSign === 0 || Date.now() - lastSign <= SILENT_AFTER_MS) return;
  lastSign = Date.now(); // one try per silence
  lost();
  connect();
}

// Who may change something ----------------------------------------------------------------------------

export async function refreshSession() {
  try {
    state.session = await ask('/api/session');
  } catch {
    state.session = null; // a gateway on which people can only look
  }
  changed();
}

export const signedIn = () => Boolean(state.session && state.session.signed_in);
/** Whether this gateway knows an action. */
export const knows = (action) => Boolean(state.session && (state.session.actions || []).includes(action));
/** Whether it is to be shown now. */
export const can = (action) => signedIn() && knows(action);

export async function signIn(pin, name) {
  state.session = await post('/api/session', { pin, name });
  changed();
}

export async function signOut() {
  await ask('/api/session', { method: 'DELETE', headers: { 'X-Lintel-Token': state.session.csrf } });
  await refreshSession();
}

function post(url, body, fields = {}) {
  return ask(url, { method: 'POST', headers: { 'Content-Type': 'application/json', ...fields }, body: JSON.stringify(body) });
}

/** Asks for an action; who is not signed in any more learns that from the error's status. */
export async function act(action, body = {}) {
  try {
    return (await post(`/api/actions/${action}`, body, { 'X-Lintel-Token': state.session.csrf })).result;
  } catch (error) {
    if (error.status === 401 || error.status === 403) await refreshSession();
    throw error;
  }
}
