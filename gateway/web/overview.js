// The first page: whether all is well, else what is wrong and what to do; today in one look.

import { bars } from '/charts.js';
import { h } from '/dom.js';
import { said, since } from '/format.js';
import { big, coverageLine, hoursTogether, isFresh, lastHeard, linesOf, meter, pill, section, sensorLink, wholeDay, why } from '/parts.js';
import { changed, state } from '/state.js';
import { number, rich, t } from '/texts.js';

/** The headline in the reader's language, as far as it is ours to say. */
function headline(snapshot) {
  const { verdict, sensors } = snapshot;
  if (verdict.problems.length === 1) return said(verdict.problems[0].what);
  if (verdict.problems.length > 1) return t('problems', { n: verdict.problems.length });
  const online = sensors.filter((sensor) => sensor.status === 'online').length;
  return online === sensors.length ? t('all_well', { n: online }) : t('no_fault', { heard: online, n: sensors.length });
}

function problem(one, alone) {
  return h('li', {},
    !alone && said(one.what, 'strong'),
    said(one.advice, 'span'),
    one.sensor !== undefined && one.sensor !== null && [' ', h('a', { href: sensorLink(one.sensor) }, t('look_at_sensor'))]);
}

function verdict(snapshot) {
  const { status, problems } = snapshot.verdict;
  return h('section', { class: `verdict ${status}`, 'aria-live': 'polite', 'aria-atomic': 'true', key: 'verdict' },
    h('h1', { id: 'title', tabindex: '-1' }, headline(snapshot)),
    problems.length > 0 && h('ul', {}, problems.map((one) => problem(one, problems.length === 1))));
}

function today(snapshot) {
  const { sensors, regions } = snapshot;
  const sum = (way) => sensors.reduce((all, sensor) => all + sensor.today[way], 0);
  const hours = wholeDay(hoursTogether(sensors));
  const fresh = (way) => sensors.some((sensor) => isFresh(sensor, way));
  return section(t('today'),
    h('div', { class: 'card' },
      h('div', { class: 'bigs' }, big(t('in'), sum('in'), fresh('in')), big(t('out'), sum('out'), fresh('out')),
        regions.length === 1 && regions[0].present !== null && big(t('present'), regions[0].present)),
      hours.length > 0 && bars({ id: 'today', buckets: hours, title: t('today_by_hour'), head: t('hour'), redraw: changed }),
      h('p', {}, h('a', { href: '#/days' }, t('more_days')))));
}

export function regionCard(region) {
  const drift = region.drift || {};
  const wrong = [
    drift.below_zero > 0 && t('below_zero', { n: drift.below_zero }),
    drift.left_over > 0 && t('left_over', { n: drift.left_over }),
  ].filter(Boolean);
  const many = region.present === null ? t('not_known') : `${region.uncertain ? t('about') : ''} ${number(region.present)}`.trim();
  const of = region.capacity === null ? '' : t('of_capacity', { n: region.capacity });
  const near = region.capacity && region.present >= region.capacity * 0.9;
  return h('li', { class: 'card region', key: `${region.sensor} ${region.region}` },
    h('div', { class: 'top' }, h('h3', {}, region.name), region.over && h('span', { class: 'pill offline' }, t('too_many'))),
    h('p', {}, h('b', { class: region.over ? 'over' : '' }, many), ` ${of}`),
    region.present !== null && region.capacity !== null
      && meter(`${region.name}: ${many} ${of}`, region.present, region.capacity, region.over ? 'bad' : near ? 'warn' : 'good'),
    wrong.length > 0 && h('p', { class: 'quiet' }, wrong.join(' · ')));
}

function sensorCard(sensor) {
  const hours = wholeDay(sensor.today.hours);
  return h('li', { class: 'card sensor', key: sensor.id, 'data-sensor': sensor.serial },
    h('div', { class: 'top' }, h('h3', {}, h('a', { href: sensorLink(sensor.id) }, sensor.name)), pill(sensor.status)),
    h('div', { class: 'bigs' }, big(t('in'), sensor.today.in, isFresh(sensor, 'in')), big(t('out'), sensor.today.out, isFresh(sensor, 'out')),
      hours.length > 1 && bars({ id: `small ${sensor.id}`, buckets: hours, title: t('today_by_hour'), small: true })),
    (sensor.today.lines.length > 1 || (sensor.today.lines[0] || {}).name) && linesOf(sensor.today),
    coverageLine(sensor.today),
    lastHeard(sensor),
    why(sensor));
}

function hq({ hq: to, backlog }) {
  if (!to.configured) return h('p', { class: 'card' }, t('hq_none'));
  const waiting = backlog.changes === 0 ? [t('hq_current')]
    : [t('hq_waiting', { n: backlog.changes }), backlog.oldest && [' · ', rich('hq_oldest', { ago: since(backlog.oldest) })]];
  return h('p', { class: 'card' }, waiting, ' · ', rich('hq_contact', { ago: since(to.last_contact) }), ' ', h('a', { href: '#/gateway' }, t('more')));
}

export const overview = {
  title: () => t('nav_overview'),
  render() {
    const { snapshot } = state;
    return [
      verdict(snapshot),
      today(snapshot),
      snapshot.regions.length > 0 && section(t('regions'), h('ul', { class: 'cards', id: 'regions' }, snapshot.regions.map(regionCard))),
      section(t('sensors'), snapshot.sensors.length > 0
        ? h('ul', { class: 'cards', id: 'sensors' }, snapshot.sensors.map(sensorCard))
        : h('p', { class: 'quiet' }, t('no_sensors'))),
      section(t('hq'), hq(snapshot)),
    ];
  },
};
