// What is wrong or was, and that somebody takes care of it.

import { h } from '/dom.js';
import { at, said, since } from '/format.js';
import { oneButton } from '/forms.js';
import { loading, sensorLink, signInFirst } from '/parts.js';
import { act, can, knows, need, notice, state } from '/state.js';
import { rich, t } from '/texts.js';

/** How many wait for somebody; shown in the navigation. */
export const waiting = () => (state.snapshot ? state.snapshot.alerts.filter((alert) => alert.state === 'open').length : 0);

const SEVERITIES = ['critical', 'warning', 'info'];

async function acknowledge(alert) {
  await act('acknowledge', { id: alert.id });
  notice(t('acknowledged_now'));
}

function stateOf(alert) {
  if (alert.resolved_at) return h('p', { class: 'quiet' }, rich('alert_resolved', { from: at(alert.opened_at), to: at(alert.resolved_at) }));
  if (!alert.acknowledged_at) return h('p', { class: 'quiet' }, rich('alert_open', { ago: since(alert.opened_at) }));
  const by = alert.acknowledged_by;
  return h('p', { class: 'quiet' }, rich('alert_open', { ago: since(alert.opened_at) }), ' · ',
    rich(by ? 'alert_acknowledged_by' : 'alert_acknowledged', { ago: since(alert.acknowledged_at), by }));
}

function nameOf(alert) {
  const sensor = state.snapshot.sensors.find((one) => one.id === alert.sensor);
  return sensor ? sensor.name : alert.sensor_name || t('sensor_unknown');
}

function card(alert) {
  const severity = SEVERITIES.includes(alert.severity) ? alert.severity : 'info';
  const open = !alert.resolved_at;
  const asks = open && !alert.acknowledged_at && can('acknowledge');
  return h('li', { class: `card alert ${open ? severity : 'past'}`, key: alert.id, 'data-alert': alert.id },
    h('div', { class: 'top' },
      h('h2', {}, alert.sensor ? h('a', { href: sensorLink(alert.sensor) }, nameOf(alert)) : t('this_gateway')),
      h('span', { class: `pill ${open ? severity : 'unknown'}` }, open ? t(`severity_${severity}`) : t('resolved'))),
    said(alert.message, 'p'),
    stateOf(alert),
    asks && oneButton(t('acknowledge'), () => acknowledge(alert)));
}

export const alertsPage = {
  title: () => t('nav_alerts'),
  render({ query }) {
    const all = query.get('state') === 'all';
    const open = state.snapshot.alerts;
    const entry = all ? need('/api/alerts?state=all&limit=100', JSON.stringify(open)) : { data: { alerts: open } };
    const tab = (href, text, here) => h('a', { href, 'aria-current': here ? 'true' : null }, text);
    const list = entry.data && entry.data.alerts;
    return [
      h('h1', { id: 'title', tabindex: '-1' }, t('nav_alerts')),
      h('nav', { class: 'tabs', 'aria-label': t('which_alerts') }, tab('#/alerts', t('open_ones'), !all), tab('#/alerts?state=all', t('all_ones'), all)),
      !list && loading(entry),
      list && list.length === 0 && h('p', { class: 'card good-news' }, t(all ? 'no_alerts_ever' : 'no_alerts')),
      list && list.length > 0 && h('ul', { class: 'cards one', id: 'alerts' }, list.map(card)),
      list && list.some((alert) => !alert.resolved_at && !alert.acknowledged_at) && knows('acknowledge') && signInFirst(t('sign_in_to_acknowledge')),
    ];
  },
};
