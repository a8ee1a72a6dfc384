// Shows the page that the address asks for, renewed whenever the gateway says something new, and says so
// when it no longer does.

import { h, icon, patch } from '/dom.js';
import { tick } from '/format.js';
import { routes } from '/routes.js';
import { connect, notice, onChange, state, watch } from '/state.js';
import { waiting } from '/alerts.js';
import { chooseLanguage, t } from '/texts.js';

const byId = (id) => document.getElementById(id);

/** {path: ['sensors', '3'], query} of #/sensors/3?a=b. */
function where() {
  const [path, query] = window.location.hash.replace(/^#\/?/, '').split('?');
  return { path: path.split('/').map(decodeURIComponent), query: new URLSearchParams(query) };
}

function find(route) {
  return (routes.find(({ name }) => name === route.path[0]) || routes[0]).page;
}

function header() {
  const { snapshot, live } = state;
  const word = { null: 'connecting', true: 'live', false: 'connection_lost' }[live];
  patch(byId('head'), [
    h('a', { class: 'brand', href: '#/' }, h('b', { id: 'store' }, (snapshot && snapshot.gateway.store) || 'Lintel'),
      h('span', { class: 'quiet' }, (snapshot && snapshot.gateway.name) || '')),
    h('p', { id: 'live', class: `live ${{ null: '', true: 'on', false: 'lost' }[live]}`, role: 'status' }, t(word)),
  ]);
}

function navigation(here) {
  const count = waiting();
  patch(byId('nav'), routes.filter((route) => route.icon).map((route) => h('a', {
    href: `#/${route.name}`, 'aria-current': find(here) === route.page || (route.covers || []).includes(here.path[0]) ? 'page' : null,
  }, icon(route.icon), h('span', {}, t(`nav_${route.text}`)),
  route.name === 'alerts' && count > 0 && h('span', { class: 'badge' }, String(count), h('span', { class: 'unseen' }, ` ${t('unacknowledged')}`)))));
  byId('nav').setAttribute('aria-label', t('pages'));
}

/** What came of the last action, and whether the gateway is there at all. */
function notices() {
  const { live, notice: last, snapshot } = state;
  patch(byId('lost'), live !== false ? [] : [h('div', { class: 'verdict problem' },
    h('p', { class: 'headline' }, t(snapshot ? 'no_connection_old' : 'no_connection')), h('p', {}, t('no_connection_advice')))]);
  patch(byId('notice'), !last ? [] : [h('div', { class: 'notice' },
    h('p', { class: last.kind, lang: last.lang, role: last.kind === 'bad' ? 'alert' : null }, last.text),
    h('button', { class: 'close', 'aria-label': t('close'), onclick: () => notice(null) }, '×'))]);
}

function title(page, route) {
  const { snapshot, live } = state;
  if (!snapshot) return 'Lintel';
  const mark = live === false ? '? ' : snapshot.verdict.status === 'ok' ? '' : '! ';
  return `${mark}${page.title(route)} – ${snapshot.gateway.store}`;
}

function show() {
  const route = where();
  const page = find(route);
  header();
  navigation(route);
  notices();
  byId('skip').textContent = t('skip');
  document.body.classList.toggle('stale', state.live === false);
  document.title = title(page, route);
  patch(byId('page'), state.snapshot ? content(page, route) : [h('p', { class: 'quiet' }, t('asking'))]);
}

/** An answer that a page does not understand must not leave the old one standing as if it were true. */
function content(page, route) {
  try {
    return page.render(route);
  } catch (error) {
    console.error(error);
    return [h('h1', { id: 'title', tabindex: '-1' }, page.title(route)),
      h('p', { class: 'trouble', role: 'alert' }, t('not_drawn'), ' ', h('a', { href: '/api/status' }, '/api/status'))];
  }
}

let drawing = 0; // many changes at once are drawn once
function soon() {
  if (drawing === 0) drawing = requestAnimationFrame(draw);
}
function draw() {
  drawing = 0;
  show();
}

function turn() {
  state.notice = null;
  byId('page').replaceChildren(); // nothing that was typed or opened belongs to another page
  show();
  window.scrollTo(0, 0);
  const heading = byId('title');
  if (heading) heading.focus({ preventScroll: true });
}

await chooseLanguage();
onChange(soon);
byId('skip').addEventListener('click', () => (byId('title') || byId('main')).focus());
let last = where();
window.addEventListener('hashchange', () => {
  const next = where();
  const same = next.path.join('/') === last.path.join('/');
  last = next;
  if (same) show(); // another day of the same page: where the reader is stays
  else turn();
});
setInterval(() => {
  tick();
  watch();
}, 1000);
show();
connect();
