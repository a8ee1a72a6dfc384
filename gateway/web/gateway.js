// How far headquarters is, how long the gateway can go on alone, and how the box itself is.

import { h } from '/dom.js';
import { at, bytes, dayPlain, said, since } from '/format.js';
import { oneButton } from '/forms.js';
import { facts, meter, section, signInFirst } from '/parts.js';
import { act, can, knows, notice, state } from '/state.js';
import { rich, t } from '/texts.js';

const withAdvice = (text, advice) => [said(text), advice && said(advice, 'p', { class: 'quiet' })];

function backlogText({ hq, backlog }) {
  if (backlog.changes === 0) return [t('nothing_waits')];
  return [t('hq_waiting', { n: backlog.changes }), backlog.oldest && [' · ', rich('hq_oldest', { ago: since(backlog.oldest) })],
    hq.present && h('p', { class: 'quiet' }, t('present_there'))];
}

function hqFacts({ hq, backlog }) {
  if (!hq.configured) return facts([[t('connection'), t('hq_none')], [t('stored'), t('changes', { n: backlog.last_change })]]);
  const { card } = hq;
  return facts([
    [t('last_contact'), since(hq.last_contact)],
    [t('waiting'), ...backlogText({ hq, backlog })],
    hq.error && [t('trouble'), ...withAdvice(hq.error, hq.advice)],
    hq.next_try && hq.failures > 0 && [t('next_try'), at(hq.next_try)],
    hq.refused_readings > 0 && [t('refused_by_hq'), t('readings', { n: hq.refused_readings })],
    hq.coverage_refused && [t('coverage'), said(hq.coverage_refused)],
    hq.alerts_refused && [t('alerts_refused'), said(hq.alerts_refused)],
    hq.alerts_waiting > 0 && [t('alerts_waiting'), t('alerts_many', { n: hq.alerts_waiting })],
    card && [t('enrolled'), card.enrolled ? t('enrolled_as', { store: card.store }) : t('not_yet')],
    card && card.trouble && !hq.error && [t('token'), ...withAdvice(card.trouble, card.advice)],
    hq.bytes_sent > 0 && [t('sent'), t('since_start', { size: bytes(hq.bytes_sent) })],
  ]);
}

function room({ room: space }) {
  const { given_up: lost } = space;
  const share = space.limit_bytes > 0 ? space.used_bytes / space.limit_bytes : 0;
  const text = t('room_used', { used: bytes(space.used_bytes), limit: bytes(space.limit_bytes) });
  return [
    facts([
      [t('alone'), space.days_alone === null ? t('alone_unknown') : t('alone_days', { n: space.days_alone })],
      [t('room'), text, meter(text, Math.round(share * 100), 100, share > 0.9 ? 'bad' : share > 0.75 ? 'warn' : 'good')],
      [t('kept'), t('kept_days', { n: space.keep_days })],
      lost.readings > 0
        ? [t('given_up'), h('strong', { class: 'lacking' }, t('given_up_text', { n: lost.readings, from: dayPlain(lost.from), to: dayPlain(lost.to) }))]
        : [t('given_up'), t('nothing')],
    ]),
  ];
}

function links(list) {
  if (list.length === 0) return h('p', { class: 'quiet' }, t('no_links'));
  return h('ul', { class: 'cards' }, list.map((link) => h('li', { class: 'card', key: link.name },
    h('div', { class: 'top' }, h('h3', {}, link.name), h('span', { class: `pill ${link.up ? 'online' : 'offline'}` }, t(link.up ? 'up' : 'down'))),
    h('p', { class: 'quiet' }, `${link.type} · ${t('messages', { n: link.frames })}`),
    link.trouble && said(link.trouble, 'p'))));
}

function box({ gateway, quarantine }) {
  const source = gateway.clock && gateway.clock.source;
  const began = gateway.uptime_s === undefined ? null : new Date(Date.parse(state.snapshot.time) - gateway.uptime_s * 1000).toISOString();
  return facts([
    gateway.storage_error && [t('storage'), said(gateway.storage_error, 'strong', { class: 'lacking' })],
    gateway.notice && [t('notice'), said(gateway.notice)],
    quarantine.count > 0 && [t('unreadable'), t('messages_kept', { n: quarantine.count }),
      quarantine.newest && [' · ', rich('newest', { ago: since(quarantine.newest.at) }), h('p', { class: 'quiet' }, `${quarantine.newest.link}: `, said(quarantine.newest.reason))]],
    source && [t('clock'), t(`clock_${['ntp', 'https', 'host', 'none'].includes(source) ? source : 'none'}`)],
    [t('disk'), t('disk_text', { free: bytes(gateway.disk_free_bytes), database: bytes(gateway.database_bytes) })],
    began && [t('started'), since(began)],
    [t('timezone'), gateway.timezone || t('unknown')],
    [t('version'), gateway.version || t('unknown')],
  ]);
}

async function askNow() {
  await act('sync-now');
  notice(t('asked_hq'));
}

export const gatewayPage = {
  title: () => t('nav_gateway'),
  render() {
    const { snapshot } = state;
    return [
      h('h1', { id: 'title', tabindex: '-1' }, snapshot.gateway.name || t('this_gateway')),
      section(t('hq'), hqFacts(snapshot), snapshot.hq.configured && (can('sync-now')
        ? oneButton(t('ask_hq_now'), askNow) : knows('sync-now') && signInFirst(t('sign_in_to_ask')))),
      section(t('if_hq_is_away'), room(snapshot.gateway)),
      section(t('links'), links(snapshot.links)),
      section(t('this_gateway'), box(snapshot)),
    ];
  },
};
