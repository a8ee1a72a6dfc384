// One sensor: today, what it is and how it is, its last readings, and what may be changed.

import { bars } from '/charts.js';
import { h } from '/dom.js';
import { at, said, since } from '/format.js';
import { big, coverageLine, facts, isFresh, lineName, linesOf, loading, pill, readingText, section, signInFirst, wholeDay, why } from '/parts.js';
import { regionCard } from '/overview.js';
import { settings } from '/sensor_settings.js';
import { can, changed, need, signedIn, state } from '/state.js';
import { number, share, t } from '/texts.js';

const LIFECYCLES = ['draft', 'planning', 'active', 'review', 'completed', 'cancelled', 'archived'];

function todayCard(sensor) {
  const hours = wholeDay(sensor.today.hours);
  return h('div', { class: 'card' },
    h('div', { class: 'bigs' }, big(t('in'), sensor.today.in, isFresh(sensor, 'in')), big(t('out'), sensor.today.out, isFresh(sensor, 'out'))),
    sensor.today.lines.length > 0 && (sensor.today.lines.length > 1 || sensor.today.lines[0].line) ? linesOf(sensor.today) : null,
    hours.length > 0 && bars({ id: `sensor ${sensor.id}`, buckets: hours, title: t('today_by_hour'), head: t('hour'), redraw: changed }),
    coverageLine(sensor.today),
    h('p', {}, h('a', { href: `#/days?sensor=${sensor.id}` }, t('more_days'))));
}

/** What the device says of itself, where it says anything. */
function deviceFacts(device) {
  if (!device) return [];
  const battery = device.battery_percent ?? null;
  const volts = device.battery_mv ?? null;
  const low = device.battery_low ? h('strong', { class: 'lacking' }, ` ${t('battery_low')}`) : null;
  return [
    battery !== null ? [t('battery'), share(battery / 100), low] : volts !== null ? [t('battery'), `${number(volts / 1000)} V`, low] : low && [t('battery'), low],
    device.signal_dbm !== undefined && device.signal_dbm !== null && [t('signal'), `${number(device.signal_dbm)} dBm`],
    device.margin_db !== undefined && device.margin_db !== null && [t('margin'), `${number(device.margin_db)} dB`],
    device.firmware && [t('firmware'), device.firmware],
    device.tampered && [t('tampered'), h('strong', { class: 'lacking' }, t('yes'))],
    device.faults && device.faults.length > 0 && [t('faults'), said(device.faults.join('; '))],
  ];
}

function about(sensor) {
  return facts([
    [t('last_heard'), since(sensor.last_data)],
    sensor.interval_s !== null && [t('reports'), t('every_seconds', { n: sensor.interval_s })],
    ...deviceFacts(sensor.device),
    sensor.rejects > 0 && [t('unreadable'), t('unreadable_hour', { n: sensor.rejects })],
    [t('direction'), sensor.inverted ? t('inverted') : t('as_mounted')],
    (sensor.lines || []).length > 1 && [t('lines'), sensor.lines.map(lineName).join(', ')],
    [t('serial'), h('code', {}, sensor.serial)],
    [t('model'), sensor.model],
    [t('link'), sensor.link],
    [t('state'), LIFECYCLES.includes(sensor.lifecycle) ? t(`lifecycle_${sensor.lifecycle}`) : sensor.lifecycle],
  ]);
}

function lastReadings(sensor) {
  const entry = need(`/api/sensors/data?sensor=${sensor.id}&limit=15`, JSON.stringify([sensor.last_reading, sensor.today.in, sensor.today.out]));
  if (!entry.data) return loading(entry);
  const { readings } = entry.data;
  if (readings.length === 0) return h('p', { class: 'quiet' }, t('no_readings'));
  const names = new Map((sensor.lines || []).map((line) => [line.line, line.name]));
  const what = (row) => readingText({ ...row, name: names.get(row.line) });
  return h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': t('last_readings') }, h('table', {},
    h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, t('until')), h('th', { scope: 'col' }, t('reading')))),
    h('tbody', {}, readings.map((row) => h('tr', {}, h('th', { scope: 'row' }, at(row.to)), h('td', {}, what(row)))))));
}

function history(sensor) {
  const past = sensor.changes || [];
  if (past.length === 0) return null;
  return section(t('health_history'), h('ol', { class: 'history card' }, past.slice(0, 12).map((one) => h('li', {},
    h('span', { class: 'quiet' }, at(one.at)), pill(one.status), one.cause && said(one.cause)))));
}

export const sensorPage = {
  title: ({ path }) => (find(path[1]) || { name: t('sensor_unknown') }).name,
  render({ path }) {
    const sensor = find(path[1]);
    if (!sensor) {
      return [h('h1', { id: 'title', tabindex: '-1' }, t('sensor_unknown')), h('p', {}, h('a', { href: '#/' }, t('to_overview')))];
    }
    const regions = state.snapshot.regions.filter((region) => region.sensor === sensor.id);
    return [
      h('p', { class: 'trail' }, h('a', { href: '#/' }, t('nav_overview'))),
      h('div', { class: 'top' }, h('h1', { id: 'title', tabindex: '-1' }, sensor.name), pill(sensor.status)),
      why(sensor),
      section(t('today'), todayCard(sensor)),
      regions.length > 0 && section(t('regions'), h('ul', { class: 'cards' }, regions.map(regionCard))),
      h('p', {}, h('a', { class: 'button', href: `#/walk/${sensor.id}` }, t('walk_title'))),
      section(t('about_sensor'), about(sensor)),
      history(sensor),
      section(t('last_readings'), lastReadings(sensor)),
      (signedIn() || state.session) && section(t('change_sensor'), can('set') ? settings(sensor) : signInFirst(t('sign_in_to_change'))),
    ];
  },
};

const find = (id) => state.snapshot.sensors.find((sensor) => String(sensor.id) === id);
