// The walk test: somebody walks through a door, the sensor counts, both are compared and signed.

import { h } from '/dom.js';
import { at, clock, said } from '/format.js';
import { oneButton, submit } from '/forms.js';
import { field, lineName, section, sensorLink, signInFirst } from '/parts.js';
import { act, can, changed, knows, notice, state } from '/state.js';
import { t } from '/texts.js';

const EVERY_MS = 1000;
const TIMES = 5;

let test = null; // the one that goes on, as the gateway answered last
let past = null; // those of before
let timer = null;

const goesOn = () => test && !['done', 'signed'].includes(test.step);
const shown = (route) => state.snapshot.sensors.find((sensor) => String(sensor.id) === route.path[1]);

/** What the gateway says of the test now; asked for again until it is over. */
function keep(answer) {
  test = answer;
  clearTimeout(timer);
  if (goesOn()) timer = setTimeout(look, EVERY_MS);
  changed();
}

async function look() {
  if (!goesOn()) return;
  try {
    keep(await act('walk-look', { id: test.id }));
  } catch (error) {
    if (error.status === 0 || error.status >= 500) timer = setTimeout(look, EVERY_MS);
    else keep(null);
  }
}

async function start(sensor, line) {
  const body = { serial: sensor.serial, times: TIMES };
  if (line !== undefined) body.line = line;
  keep(await act('walk-start', body));
}

async function cancel() {
  const { id } = test;
  keep(null);
  await act('walk-cancel', { id });
}

async function sign(values) {
  const body = { id: test.id, name: values.name.trim(), note: values.note.trim() };
  if (values.passed) body.passed = true;
  const { step, ...answer } = await act('walk-sign', body);
  past = null;
  keep({ step, ...answer });
  notice(t('walk_signed'));
}

function passages(way) {
  const list = test.passages.filter((passage) => passage.way === way);
  return h('ul', { class: 'lines', 'aria-live': 'polite' }, list.map((passage) => h('li', {},
    h('span', {}, clock(passage.to)), ' ', h('b', {}, t('in_and_out', { in: passage.in, out: passage.out })))));
}

/** Walking one way: what to do, what was counted, and what comes then. */
function walking(way) {
  const counts = test[way === 'in' ? 'walking_in' : 'walking_out'];
  const waits = test.step === `after_${way}`;
  return h('div', { class: 'card', id: 'walk' },
    h('p', { class: 'headline', role: 'status' }, t(waits ? 'walk_waiting' : way === 'in' ? 'walk_in' : 'walk_out', { n: test.times })),
    h('p', {}, t('walk_counted', { n: counts.in + counts.out, of: test.times })),
    passages(way),
    !waits && h('p', { class: 'quiet' }, t('walk_alone')),
    !waits && oneButton(t(way === 'in' ? 'walk_in_done' : 'walk_out_done'), async () => keep(await act('walk-next', { id: test.id }))),
    oneButton(t('walk_cancel'), cancel, 'plain'));
}

function verdict(sensor) {
  const passed = test.verdict === 'passed';
  return h('div', { class: `verdict ${passed ? 'ok' : 'problem'}`, id: 'walk', role: 'status' },
    h('p', { class: 'headline' }, t(passed ? 'walk_passed' : 'walk_failed')),
    said(test.text, 'p'), test.advice && said(test.advice, 'p', { class: 'quiet' }),
    !passed && sensor && h('p', {}, h('a', { href: sensorLink(sensor.id) }, t('look_at_sensor'))));
}

function signing() {
  const passed = test.verdict === 'passed';
  return h('form', { class: 'card narrow', onsubmit: submit(sign) },
    field(t('your_name'), h('input', { name: 'name', required: true, maxlength: 60, value: state.session.name || '', autocomplete: 'name' })),
    field(t('walk_note'), h('input', { name: 'note', maxlength: 200, autocomplete: 'off' })),
    !passed && h('label', { class: 'check' }, h('input', { type: 'checkbox', name: 'passed', value: 'yes' }), h('span', {}, t('walk_all_the_same'))),
    h('button', {}, t('walk_sign')));
}

function over(sensor) {
  return [
    verdict(sensor),
    test.step === 'done' ? signing() : h('p', { class: 'card' }, t('walk_signed_by', { name: test.signed_by })),
    oneButton(t('walk_again'), () => start(sensor, test.line), 'plain'),
    h('p', {}, h('a', { href: '#/walk' }, t('walk_other'))),
  ];
}

function ready(sensor) {
  const { lines } = sensor.today;
  return h('div', { class: 'card' }, h('p', {}, t('walk_hint', { n: TIMES })),
    lines.length > 1
      ? lines.map((line) => oneButton(t('walk_start_line', { line: lineName(line) }), () => start(sensor, line.line)))
      : oneButton(t('walk_start'), () => start(sensor)));
}

function ofSensor(sensor) {
  if (!test || test.serial !== sensor.serial) return ready(sensor);
  if (goesOn()) return walking(test.step.endsWith('in') ? 'in' : 'out');
  return over(sensor);
}

async function loadPast() {
  past = [];
  past = (await act('walk-list', {})).tests.filter((one) => one.signed_by);
  changed();
}

function before() {
  if (!past) {
    loadPast().catch(() => {});
    return null;
  }
  if (past.length === 0) return h('p', { class: 'quiet' }, t('nothing'));
  return h('ul', { class: 'lines' }, past.map((one) => h('li', {},
    h('span', {}, `${one.name || one.serial}${one.line ? ` · ${one.line}` : ''}`), ' ',
    h('b', {}, t(one.verdict === 'passed' ? 'walk_passed' : 'walk_failed')), ' ',
    h('span', { class: 'quiet' }, one.signed_by, ', ', at(one.signed_at)))));
}

function doors() {
  return h('ul', { class: 'cards' }, state.snapshot.sensors.map((sensor) => h('li', { class: 'card' },
    h('a', { href: `#/walk/${sensor.id}` }, sensor.name))));
}

/** #/walk, #/walk/ID */
export const walkPage = {
  title: (route) => (shown(route) ? t('walk_of', { name: shown(route).name }) : t('walk_title')),
  render(route) {
    const sensor = shown(route);
    const heading = h('h1', { id: 'title', tabindex: '-1' }, walkPage.title(route));
    if (!can('walk-start')) {
      const unknown = state.session && state.session.signed_in && !knows('walk-start');
      return [heading, unknown ? h('p', {}, t('only_look')) : signInFirst(t('sign_in'))];
    }
    if (sensor) return [heading, ofSensor(sensor)];
    return [heading, section(t('walk_choose'), doors()), section(t('walk_before'), before())];
  },
};
