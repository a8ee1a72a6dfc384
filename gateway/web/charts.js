// Bars of people in (up) and out (down), and hours of a week as a table of shades. What was missing, counted
// in part or closed looks like that, and never like zero. Behind each chart is a table that says the same.

import { h } from '/dom.js';
import { number, share, t } from '/texts.js';

const chosen = new Map(); // by chart: the column that the reader touched

/** "23 in, 19 out", or why there is no number. */
function bucketText(bucket) {
  if (bucket.state === 'missing') return t('state_missing');
  if (bucket.state === 'closed') return t('state_closed');
  if (bucket.state === 'none') return t('state_none');
  const counts = t('in_and_out', { in: bucket.in, out: bucket.out });
  return bucket.state === 'partly' ? `${counts} · ${coverageText(bucket)}` : counts;
}

function coverageText(bucket) {
  if (bucket.state === 'closed') return t('state_closed');
  if (bucket.covered === null) return t('coverage_forgotten');
  if (bucket.state === 'missing') return t('state_missing');
  return t('share_counted', { share: shareText(bucket.covered) });
}

/** Never rounded up to all. */
export function shareText(covered) {
  return share(covered >= 1 ? 1 : Math.min(0.99, Math.floor(covered * 100) / 100));
}

/** A round number at or above the highest. */
function ceiling(most) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, most)));
  return [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((value) => value >= most && Number.isInteger(value));
}

function column(bucket, i, top, picked) {
  const height = (value) => ({ '--v': `${(100 * (value || 0)) / top}%` });
  return h('div', { class: `col ${bucket.state}${picked === i ? ' picked' : ''}`, title: `${bucket.name}: ${bucketText(bucket)}` },
    h('i', { class: 'up', style: height(bucket.in) }),
    h('i', { class: 'down', style: height(bucket.out) }));
}

/** Shows what is under the finger. */
function pick(id, buckets, redraw) {
  return (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const i = Math.floor(((event.clientX - box.left) / box.width) * buckets.length);
    if (i < 0 || i >= buckets.length || chosen.get(id) === i) return;
    chosen.set(id, i);
    redraw();
  };
}

function legend(buckets) {
  const used = (state) => buckets.some((bucket) => bucket.state === state);
  return h('ul', { class: 'legend' },
    h('li', { class: 'up' }, t('in')),
    h('li', { class: 'down' }, t('out')),
    used('partly') && h('li', { class: 'partly' }, t('state_partly')),
    used('missing') && h('li', { class: 'missing' }, t('state_missing')),
    used('closed') && h('li', { class: 'closed' }, t('state_closed')));
}

function table(buckets, head) {
  const count = (value) => h('td', { class: 'count' }, value === null ? '–' : number(value));
  return h('details', { class: 'behind' },
    h('summary', {}, t('as_table')),
    h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': t('as_table') }, h('table', {},
      h('thead', {}, h('tr', {}, ...[head, t('in'), t('out'), t('counted')].map((text) => h('th', { scope: 'col' }, text)))),
      h('tbody', {}, buckets.filter((bucket) => bucket.state !== 'none').map((bucket) => h('tr', {},
        h('th', { scope: 'row' }, bucket.href ? h('a', { href: bucket.href }, bucket.name) : bucket.name),
        count(bucket.in), count(bucket.out), h('td', {}, coverageText(bucket))))))));
}

/** One label for so many columns that they do not touch. */
function axis(buckets, labels) {
  const step = [1, 2, 3, 4, 6, 7, 12].find((n) => buckets.length / n <= labels) || 12;
  return h('div', { class: 'axis', 'aria-hidden': 'true' },
    buckets.map((bucket, i) => h('span', {}, i % step === 0 ? bucket.label : '')));
}

/**
 * `id` is the chart's own; buckets are those of /api/analytics with a `name` ("10:00"), a short `label` and
 * perhaps an `href`; `title` and `head` (of the first column) go with the table. `small`: the bars alone.
 */
export function bars({ id, buckets, title, head, redraw, small = false, labels = 8 }) {
  const top = ceiling(Math.max(1, ...buckets.flatMap((bucket) => [bucket.in || 0, bucket.out || 0])));
  const picked = small ? undefined : chosen.get(id);
  const touched = pick(id, buckets, redraw);
  const shown = buckets[picked];
  const told = buckets.filter((bucket) => !['closed', 'none'].includes(bucket.state)).map((bucket) => `${bucket.name}: ${bucketText(bucket)}`);
  const plot = h('div', { class: 'plot', role: 'img', 'aria-label': `${title}. ${told.join('; ')}` },
    !small && h('span', { class: 'top' }, number(top)),
    !small && h('span', { class: 'bottom' }, number(top)),
    h('div', small ? { class: 'cols' } : { class: 'cols', onpointerdown: touched, onpointermove: touched },
      buckets.map((bucket, i) => column(bucket, i, top, picked))));
  if (small) return h('div', { class: 'chart small', key: id }, plot);
  return h('figure', { class: 'chart', key: id },
    plot,
    axis(buckets, labels),
    h('p', { class: 'readout' }, shown
      ? [h('b', {}, shown.name), ' ', bucketText(shown), shown.href && [' ', h('a', { href: shown.href }, t('open'))]]
      : h('span', { class: 'quiet' }, t('touch_a_bar'))),
    h('figcaption', {}, legend(buckets)),
    table(buckets, head));
}

const HATCHED = ['missing', 'partly'];
const DARKEST = 48; // percent: numbers have to stand out from it

/** Days beside each other, their hours below: {days: [{name, label, hours: Map(hour -> bucket)}], hours: [..]}. */
export function shades({ days, hours, title }) {
  const all = days.flatMap((day) => [...day.hours.values()]);
  const top = Math.max(1, ...all.map((bucket) => bucket.in || 0));
  const cell = (bucket) => {
    if (!bucket) return h('td', { class: 'none' });
    const shade = { '--s': `${Math.round((DARKEST * (bucket.in || 0)) / top)}%` };
    const text = bucket.in === null ? h('span', { class: 'unseen' }, bucketText(bucket)) : number(bucket.in);
    return h('td', {
      class: bucket.state, style: HATCHED.includes(bucket.state) && !bucket.in ? {} : shade, title: bucketText(bucket),
    }, text);
  };
  return h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': title }, h('table', { class: 'shades' },
    h('caption', { class: 'unseen' }, title),
    h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, h('span', { class: 'unseen' }, t('hour'))),
      days.map((day) => h('th', { scope: 'col' }, h('a', { href: day.href, 'aria-label': day.name }, day.label))))),
    h('tbody', {}, hours.map((hour) => h('tr', {},
      h('th', { scope: 'row' }, hour), days.map((day) => cell(day.hours.get(hour))))))));
}
