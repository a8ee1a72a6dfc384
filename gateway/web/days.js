// The store or one sensor by day, week or month. #/days?span=week&day=2026-07-31&sensor=3

import { bars, shades, shareText } from '/charts.js';
import { h, icon } from '/dom.js';
import { addDays, addMonths, clock, dayAt, dayLong, dayNumber, dayRange, dayShort, firstOfMonth, hour, isDay, monday, monthName, startHour, today, weekdayName } from '/format.js';
import { big, loading, section, wholeDay } from '/parts.js';
import { changed, need, state } from '/state.js';
import { t } from '/texts.js';

const SPANS = {
  day: { from: (day) => day, to: (day) => day, before: (day) => addDays(day, -1), after: (day) => addDays(day, 1), name: dayLong },
  week: {
    from: monday, to: (day) => addDays(monday(day), 6), before: (day) => addDays(day, -7), after: (day) => addDays(day, 7),
    name: (day) => dayRange(monday(day), addDays(monday(day), 6)),
  },
  month: {
    from: firstOfMonth, to: (day) => addDays(addMonths(day, 1), -1), before: (day) => addMonths(day, -1), after: (day) => addMonths(day, 1), name: monthName,
  },
};

function asked({ query }) {
  const span = SPANS[query.get('span')] ? query.get('span') : 'day';
  const day = isDay(query.get('day')) && query.get('day') <= today() ? query.get('day') : today();
  const sensor = state.snapshot.sensors.find((one) => String(one.id) === query.get('sensor'));
  return { span, day, sensor };
}

function address({ span, day, sensor }) {
  const query = new URLSearchParams({ span });
  if (day !== today()) query.set('day', day);
  if (sensor) query.set('sensor', sensor.id);
  return `#/days?${query}`;
}

/** Another text whenever today's numbers change. */
function versionOf({ sensor }, to) {
  if (to < today()) return 'past';
  const sensors = sensor ? [sensor] : state.snapshot.sensors;
  const part = sensors.map((one) => [one.id, one.today.in, one.today.out, one.today.hours.length]);
  return JSON.stringify([today(), part]);
}

function analytics(what, by, from, to) {
  const query = new URLSearchParams({ by, from, to });
  if (what.sensor) query.set('sensor', what.sensor.id);
  return need(`/api/analytics?${query}`, versionOf(what, to));
}

function choices(what) {
  const tab = (span) => h('a', { href: address({ ...what, span }), 'aria-current': span === what.span ? 'true' : null }, t(`span_${span}`));
  const choose = (event) => {
    const sensor = state.snapshot.sensors.find((one) => String(one.id) === event.currentTarget.value);
    window.location.hash = address({ ...what, sensor });
  };
  const option = (value, text) => h('option', { value, selected: value === String(what.sensor ? what.sensor.id : '') }, text);
  return h('div', { class: 'choices' },
    h('nav', { class: 'tabs', 'aria-label': t('span') }, Object.keys(SPANS).map(tab)),
    h('label', { class: 'pick', key: `of ${what.sensor ? what.sensor.id : 'all'}` }, h('span', { class: 'unseen' }, t('of_what')),
      h('select', { onchange: choose }, option('', t('whole_store')), state.snapshot.sensors.map((one) => option(String(one.id), one.name)))));
}

const BACK = 'M15 5l-7 7 7 7';
const ON = 'M9 5l7 7-7 7';

function turn(what) {
  const span = SPANS[what.span];
  const step = (day, path, label) => (day > today()
    ? h('span', { class: 'step', 'aria-hidden': 'true' }, icon(path))
    : h('a', { class: 'step', href: address({ ...what, day }), 'aria-label': label }, icon(path)));
  return h('div', { class: 'turn' },
    step(span.before(what.day), BACK, t(`before_${what.span}`)),
    h('h1', { id: 'title', tabindex: '-1' }, span.name(what.day)),
    step(span.from(span.after(what.day)), ON, t(`after_${what.span}`)));
}

function sums(days, buckets, what) {
  const sum = (key) => (days.some((day) => day[key] !== null) ? days.reduce((all, day) => all + (day[key] || 0), 0) : null);
  const open = days.filter((day) => day.state !== 'closed' && day.covered !== null);
  const covered = open.length === 0 ? null : open.reduce((all, day) => all + day.covered, 0) / open.length;
  const busiest = buckets.reduce((best, one) => ((one.in || 0) > (best ? best.in : 0) ? one : best), null);
  const alone = ['in', 'out'].map((way) => days.reduce((all, day) => all + (day.unallocated ? day.unallocated[way] : 0), 0));
  return [
    h('div', { class: 'bigs' }, big(t('in'), sum('in')), big(t('out'), sum('out'))),
    h('p', { class: 'quiet' }, [
      covered !== null && t('share_counted', { share: shareText(covered) }),
      busiest && t(what.span === 'day' ? 'busiest_hour' : 'busiest_day', { name: busiest.name, n: busiest.in }),
    ].filter(Boolean).join(' · ')),
    alone[0] + alone[1] > 0 && h('p', { class: 'quiet' }, t('of_no_hour', { in: alone[0], out: alone[1] })),
  ];
}

/** Every day of the span, also those of which nothing is known. */
function everyDay(what, buckets) {
  const known = new Map(buckets.map((bucket) => [bucket.day, bucket]));
  const all = [];
  const { from, to } = SPANS[what.span];
  for (let day = from(what.day); day <= to(what.day); day = addDays(day, 1)) {
    const label = what.span === 'week' ? weekdayName(day) : dayNumber(day);
    const bucket = known.get(day) || { in: null, out: null, state: 'none' };
    all.push({ ...bucket, day, label, name: dayShort(day), href: known.has(day) ? address({ ...what, span: 'day', day }) : null });
  }
  return all;
}

/** Hours of the week in which it is open or somebody came, as the clock shows them. */
function weekByHour(what, buckets) {
  const days = everyDay(what, []).map((day) => ({ ...day, href: address({ ...what, span: 'day', day: day.day }), hours: new Map() }));
  const used = new Map(); // by its name, the hour of the day
  for (const bucket of buckets) {
    const day = days.find((one) => one.day === bucket.day);
    if (!day) continue;
    const name = clock(bucket.at);
    const there = day.hours.get(name); // the hour that occurs twice when clocks go back
    const both = there && there.in !== null && bucket.in !== null;
    day.hours.set(name, both ? { ...bucket, in: bucket.in + there.in, out: bucket.out + there.out } : bucket);
    if (bucket.state !== 'closed') used.set(name, Number(hour(bucket.at)));
  }
  const order = (name) => (24 + used.get(name) - startHour()) % 24;
  return { days, hours: [...used.keys()].sort((a, b) => order(a) - order(b)) };
}

function dayView(what) {
  const { day } = what;
  const hours = analytics(what, 'hour', day, day);
  const days = analytics(what, 'day', day, day);
  if (!hours.data || !days.data) return loading(hours.error ? hours : days);
  if (hours.data.buckets.length === 0 && days.data.buckets.length === 0) return h('p', { class: 'card quiet' }, t('nothing_known'));
  const buckets = wholeDay(hours.data.buckets.filter((bucket) => dayAt(Date.parse(bucket.at)) === day));
  return h('div', { class: 'card' }, sums(days.data.buckets, buckets, what),
    buckets.length > 0 && bars({ id: `day ${day}`, buckets, title: dayLong(day), head: t('hour'), redraw: changed }));
}

function spanView(what) {
  const { from, to, name } = SPANS[what.span];
  const days = analytics(what, 'day', from(what.day), to(what.day));
  if (!days.data) return loading(days);
  if (days.data.buckets.length === 0) return h('p', { class: 'card quiet' }, t('nothing_known'));
  const buckets = everyDay(what, days.data.buckets);
  const hours = what.span === 'week' ? analytics(what, 'hour', from(what.day), to(what.day)) : null;
  return [
    h('div', { class: 'card' }, sums(days.data.buckets, buckets, what),
      bars({ id: `${what.span} ${from(what.day)}`, buckets, title: name(what.day), head: t('day'), redraw: changed })),
    hours && hours.data && hours.data.buckets.length > 0
      && section(t('week_by_hour'), h('div', { class: 'card' }, shades({ ...weekByHour(what, hours.data.buckets), title: t('week_by_hour_in') }))),
  ];
}

export const daysPage = {
  title: () => t('nav_days'),
  render(route) {
    const what = asked(route);
    return [choices(what), turn(what), what.span === 'day' ? dayView(what) : spanView(what)];
  },
};
