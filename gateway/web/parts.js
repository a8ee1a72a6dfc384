// What several pages show the same way.

import { h } from '/dom.js';
import { clock, dayAt, hour, said, since } from '/format.js';
import { signedIn, state } from '/state.js';
import { number, rich, t } from '/texts.js';
import { shareText } from '/charts.js';

export const sensorLink = (id) => `#/sensors/${id}`;

export const pill = (status) => h('span', { class: `pill ${status}` }, t(`status_${status}`));

/** What people call a line, else what the device calls it. */
export const lineName = ({ name, line }) => name || (/^\d+$/.test(line) ? t('line_called', { line }) : line) || t('whole_device');

/** "Main door: 12 in, 9 out". */
export function linesOf(today) {
  return h('ul', { class: 'lines' }, today.lines.map((line) => h('li', {},
    h('span', {}, lineName(line)), ' ',
    h('b', {}, t('in_and_out', { in: line.in, out: line.out })))));
}

export function readingText(reading) {
  const missing = (value) => (value === null || value === undefined ? '–' : value);
  if (reading.region !== undefined) {
    return t('present_in', { n: missing(reading.occupancy), region: reading.name || reading.region || t('whole_device') });
  }
  const counts = t('in_and_out', { in: missing(reading.in), out: missing(reading.out) });
  return reading.name || reading.line ? `${lineName(reading)}: ${counts}` : counts;
}

const HOUR = 3600000;

/** Hours as buckets of a chart that shows the whole of their day, also what is yet to come. */
export function wholeDay(hours) {
  if (hours.length === 0) return [];
  const known = new Map(hours.map((one) => [Date.parse(one.at), one]));
  const first = Date.parse(hours[0].at);
  const day = dayAt(Date.parse(hours[hours.length - 1].at));
  let from = first;
  while (dayAt(from - HOUR) === day) from -= HOUR;
  const all = [];
  for (let time = from; time <= first || dayAt(time) === day; time += HOUR) {
    const at = new Date(time).toISOString();
    all.push({ at, in: null, out: null, state: 'none', ...known.get(time), name: clock(at), label: hour(at) });
  }
  return all;
}

/** The hours of all sensors together, as /api/analytics adds them up. */
export function hoursTogether(sensors) {
  const hours = new Map();
  for (const sensor of sensors) {
    for (const hour of sensor.today.hours) {
      const sum = hours.get(hour.at) || { at: hour.at, in: null, out: null, covered: 0, n: 0, states: [] };
      if (hour.in !== null) {
        sum.in = (sum.in || 0) + hour.in;
        sum.out = (sum.out || 0) + hour.out;
      }
      sum.covered += hour.covered;
      sum.n += 1;
      sum.states.push(hour.state);
      hours.set(hour.at, sum);
    }
  }
  const only = (states, state) => states.every((one) => one === state);
  return [...hours.values()].sort((a, b) => (a.at < b.at ? -1 : 1)).map(({ states, n, ...sum }) => ({
    ...sum,
    covered: sum.covered / n,
    state: ['closed', 'missing', 'counted'].find((one) => only(states, one))
      || (only(states.filter((one) => one !== 'closed'), 'counted') ? 'counted' : sum.in === null ? 'missing' : 'partly'),
  }));
}

export function coverageLine(today) {
  if (today.coverage === null) return null;
  return h('p', { class: 'quiet' }, t('today_counted', { share: shareText(today.coverage) }),
    today.missing_since && [' · ', h('strong', { class: 'lacking' }, t('missing_since', { time: clock(today.missing_since) }))]);
}

/** Cause and advice, as the gateway says them. */
export function why(sensor) {
  if (!sensor.cause) return null;
  const cause = `${sensor.cause[0].toUpperCase()}${sensor.cause.slice(1)}.`;
  return h('div', { class: `why ${sensor.status}` }, said(cause, 'p'), sensor.advice && said(sensor.advice, 'p', { class: 'quiet' }));
}

export function lastHeard(sensor) {
  return h('p', { class: 'quiet' }, rich('heard', { ago: since(sensor.last_data) }),
    sensor.last_reading && [' · ', t('last_reading', { reading: readingText(sensor.last_reading) })]);
}

export const big = (label, value, fresh = false) => h('div', { class: fresh ? 'big fresh' : 'big' },
  h('b', {}, value === null ? '–' : number(value)), h('span', {}, label));

/** Whether a number of a sensor's day has just changed. */
export function isFresh(sensor, way) {
  const before = state.before && state.before.sensors.find((one) => one.id === sensor.id);
  return Boolean(before && before.today[way] !== sensor.today[way]);
}

/** [name, ...values] or nothing. */
export function facts(rows) {
  return h('dl', { class: 'facts' }, rows.filter(Boolean).map(([name, ...values]) => h('div', {}, h('dt', {}, name), h('dd', {}, values))));
}

export const section = (title, ...content) => h('section', {}, h('h2', {}, title), content);

export function loading(entry) {
  if (!entry.error) return h('p', { class: 'quiet' }, t('loading'));
  return h('p', { class: 'trouble', role: 'alert' }, t('not_loaded'), ' ', entry.error.text && said(entry.error.text));
}

/** Where people sign in to change something, or why they cannot; nothing once they have. */
export function signInFirst(text) {
  if (signedIn() || !state.session) return null;
  if (!state.session.pin_set) return h('p', { class: 'quiet' }, t('no_pin_short'));
  return h('p', {}, h('a', { class: 'button', href: `#/sign-in?back=${encodeURIComponent(window.location.hash)}` }, text));
}

export function field(label, input, hint) {
  return h('label', { class: 'field' }, h('span', {}, label), input, hint && h('small', { class: 'quiet' }, hint));
}

/** What an action was refused with, in words for people. */
export function refusalText(error) {
  if (error.status === 0) return { text: t('no_answer') };
  if (error.status === 401) return { text: t('signed_out_meanwhile') };
  return error.text ? { text: error.text, spoken: 'en' } : { text: t('refused', { code: String(error.status) }) };
}

export function meter(label, value, most, kind) {
  const full = Math.min(100, Math.round((100 * value) / most));
  return h('div', {
    class: `meter ${kind}`, role: 'meter', 'aria-label': label, 'aria-valuetext': label,
    'aria-valuenow': value, 'aria-valuemin': '0', 'aria-valuemax': Math.max(most, value),
  }, h('i', { style: { '--v': `${full}%` } }));
}
