// What people may change of a sensor: its name, its direction, the names of its lines.

import { h } from '/dom.js';
import { submit } from '/forms.js';
import { field } from '/parts.js';
import { act, notice } from '/state.js';
import { t } from '/texts.js';

const NAME = 128; // bytes, more than enough of characters

async function set(sensor, changes, said) {
  await act('set', { serial: sensor.serial, changes });
  notice(said);
}

function rename(sensor) {
  return h('form', { class: 'card', onsubmit: submit(({ name }) => set(sensor, [`name=${name.trim()}`], t('renamed', { name: name.trim() }))) },
    field(t('name'), h('input', { name: 'name', value: sensor.name, required: true, maxlength: NAME, autocomplete: 'off' })),
    h('button', {}, t('save_name')));
}

function direction(sensor) {
  const next = sensor.inverted ? 'no' : 'yes';
  return h('form', { class: 'card', onsubmit: submit(() => set(sensor, [`invert=${next}`], t(sensor.inverted ? 'turned_back' : 'turned_around'))) },
    h('p', {}, h('b', {}, t('direction')), ' ', sensor.inverted ? t('inverted') : t('as_mounted')),
    h('p', { class: 'quiet' }, t('invert_hint')),
    h('button', {}, t('swap_in_out')));
}

function lineNames(sensor) {
  const lines = (sensor.lines || []).filter((line) => line.line !== '');
  if (lines.length === 0) return null;
  const save = (values) => {
    const changes = lines.filter((line) => (values[line.line] || '').trim() !== (line.name || ''))
      .map((line) => `line_name=${line.line}=${values[line.line].trim()}`);
    if (changes.length === 0) return notice(t('nothing_changed'));
    return set(sensor, changes, t('lines_named'));
  };
  return h('form', { class: 'card', onsubmit: submit(save) },
    h('p', { class: 'quiet' }, t('line_names_hint')),
    lines.map((line) => field(t('line_called', { line: line.line }),
      h('input', { name: line.line, value: line.name || '', maxlength: NAME, autocomplete: 'off' }))),
    h('button', {}, t('save_line_names')));
}

export const settings = (sensor) => h('div', { class: 'cards' }, rename(sensor), direction(sensor), lineNames(sensor));
