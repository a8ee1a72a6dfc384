// Times as the store's clock on the wall shows them, ages, sizes.

import { h } from '/dom.js';
import { language, t, translated } from '/texts.js';

let zone = 'UTC';
let dayStart = 0; // minutes after midnight
let ahead = 0; // the gateway's clock minus this device's, ms

export function setStore({ timezone, day_start_minute: minute }) {
  try {
    Intl.DateTimeFormat('en', { timeZone: timezone });
    zone = timezone;
  } catch {
    zone = 'UTC'; // one that this browser does not know
  }
  dayStart = minute || 0;
}
export function setClock(iso) {
  ahead = Date.parse(iso) - Date.now();
}
const now = () => Date.now() + ahead;

const formats = new Map();
function format(options) {
  const key = JSON.stringify([language, zone, options]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(language, { timeZone: zone, ...options }));
  return formats.get(key);
}

export const clock = (iso) => format({ hour: '2-digit', minute: '2-digit' }).format(new Date(iso));
export const hour = (iso) => format({ hour: 'numeric', hourCycle: 'h23' }).format(new Date(iso)).replace(/\D/g, '') || '0';
const moment = (iso) => format({ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }).format(new Date(iso));

// Days are texts as 2026-07-31; they are reckoned with as if they were in UTC.
const asDate = (day) => new Date(`${day}T00:00:00Z`);
const asDay = (date) => date.toISOString().slice(0, 10);

export const startHour = () => Math.floor(dayStart / 60);

const dates = new Map(); // by zone

/** The store's day at an instant. */
export function dayAt(ms) {
  if (!dates.has(zone)) {
    dates.set(zone, new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }));
  }
  return dates.get(zone).format(new Date(ms - dayStart * 60000));
}
export const today = () => dayAt(now());
export const isDay = (text) => /^\d{4}-\d\d-\d\d$/.test(text || '') && !Number.isNaN(asDate(text).getTime()) && asDay(asDate(text)) === text;
export const addDays = (day, n) => asDay(new Date(asDate(day).getTime() + n * 86400000));
export const monday = (day) => addDays(day, -((asDate(day).getUTCDay() + 6) % 7));
export const firstOfMonth = (day) => `${day.slice(0, 7)}-01`;
export const addMonths = (day, n) => {
  const date = asDate(firstOfMonth(day));
  date.setUTCMonth(date.getUTCMonth() + n);
  return asDay(date);
};

const ofDay = (day, options) => new Intl.DateTimeFormat(language, { timeZone: 'UTC', ...options }).format(asDate(day));
export const dayLong = (day) => ofDay(day, { weekday: 'long', day: 'numeric', month: 'long' });
export const dayShort = (day) => ofDay(day, { weekday: 'short', day: 'numeric', month: 'short' });
export const dayPlain = (day) => ofDay(day, { day: 'numeric', month: 'short', year: 'numeric' });
export const weekdayName = (day) => ofDay(day, { weekday: 'short' });
export const dayNumber = (day) => String(Number(day.slice(8)));
export const monthName = (day) => ofDay(day, { month: 'long', year: 'numeric' });
export function dayRange(from, to) {
  const options = { day: 'numeric', month: 'short', timeZone: 'UTC' };
  return new Intl.DateTimeFormat(language, options).formatRange(asDate(from), asDate(to));
}

/** "8 sec. ago". */
function ago(iso) {
  const seconds = Math.max(0, Math.floor((now() - Date.parse(iso)) / 1000));
  const relative = new Intl.RelativeTimeFormat(language, { style: 'short', numeric: 'always' });
  if (seconds < 120) return relative.format(-seconds, 'second');
  if (seconds < 7200) return relative.format(-Math.floor(seconds / 60), 'minute');
  if (seconds < 172800) return relative.format(-Math.floor(seconds / 3600), 'hour');
  return relative.format(-Math.floor(seconds / 86400), 'day');
}

/** A <time> that tick() keeps true. */
export function since(iso) {
  if (!iso) return h('span', {}, t('never'));
  return h('time', { class: 'ago', datetime: iso, title: moment(iso) }, ago(iso));
}
export const at = (iso) => h('time', { datetime: iso }, moment(iso));

export function tick() {
  for (const node of document.querySelectorAll('time.ago')) {
    const text = ago(node.dateTime);
    if (node.textContent !== text) node.firstChild.data = text;
  }
}

export function bytes(n) {
  if (n === null || n === undefined) return t('unknown');
  const [value, unit] = n >= 1e9 ? [n / 1e9, 'GB'] : n >= 1e6 ? [n / 1e6, 'MB'] : [n / 1e3, 'KB'];
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: unit === 'KB' ? 0 : 1 }).format(value)} ${unit}`;
}

/** What the gateway itself says: in the reader's language where it is known, else in English, and read aloud as such. */
export function said(text, tag = 'span', props = {}) {
  const known = translated(text);
  return known === null ? h(tag, { lang: 'en', ...props }, text) : h(tag, props, known);
}
