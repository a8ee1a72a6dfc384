// Signing in, and taking devices into service.

import { h } from '/dom.js';
import { oneButton, submit } from '/forms.js';
import { field, refusalText, section, sensorLink } from '/parts.js';
import { act, can, changed, notice, signIn, signOut, signedIn, state } from '/state.js';
import { t } from '/texts.js';

let found = null; // what `discover` answered last

async function discover() {
  found = await act('discover');
  changed();
}

async function adopt(device, values) {
  const body = { serial: (device.serial || values.serial || '').trim() };
  if (values.name.trim()) body.name = values.name.trim();
  if (device.link) body.link = device.link;
  if (values.decoder) body.decoder = values.decoder;
  if (device.topic && (!device.serial || device.source !== 'counted')) body.topic = device.topic;
  const done = await act('adopt', body);
  found.devices = found.devices.filter((one) => one !== device);
  notice([t('adopted', { name: done.name || done.serial }), done.quarantined > 0 ? t('adopted_waiting', { n: done.quarantined }) : ''].join(' ').trim());
}

function device(one, i) {
  const heard = { counted: 'source_counted', refused: 'source_refused', heard: 'source_heard' }[one.source] || 'source_heard';
  return h('li', { class: 'card device', key: `${one.link} ${one.topic} ${one.serial}`, 'data-device': one.serial },
    h('div', { class: 'top' }, h('h3', {}, one.serial || one.topic || t('no_serial')), h('span', { class: 'pill unknown' }, one.link)),
    h('p', { class: 'quiet' }, t(heard), one.messages > 0 && ` · ${t('messages', { n: one.messages })}`, one.topic && ` · ${one.topic}`),
    one.sample && h('details', {}, h('summary', {}, t('sample')), h('code', { class: 'sample' }, one.sample)),
    h('form', { onsubmit: submit((values) => adopt(one, values)), 'aria-label': t('adopt_device', { serial: one.serial || one.topic }) },
      !one.serial && field(t('serial'), h('input', { name: 'serial', required: true, maxlength: 128, autocomplete: 'off' })),
      field(t('name'), h('input', { name: 'name', maxlength: 128, autocomplete: 'off', placeholder: t('name_example') })),
      one.decoders.length > 1 && field(t('what_is_it'), h('select', { name: 'decoder' }, one.decoders.map((name) => h('option', {}, name)))),
      one.decoders.length === 0 && field(t('what_is_it'), h('input', { name: 'decoder', required: true, autocomplete: 'off' }), t('decoder_hint')),
      h('button', {}, t('adopt'))));
}

function devices() {
  if (!found) return null;
  if (found.devices.length === 0) {
    return h('p', { class: 'card' }, t(found.listening ? 'none_found_listening' : 'none_found'));
  }
  return h('ul', { class: 'cards', id: 'devices' }, found.devices.map(device));
}

function who() {
  const { session } = state;
  if (!session) return h('p', { class: 'card' }, t('only_look'));
  if (!session.pin_set) return h('div', { class: 'card' }, h('p', {}, t('no_pin')), h('p', {}, h('code', {}, 'page_pin'), ' · ', h('code', {}, '[status] pin_file')));
  if (!session.signed_in) return signInForm(() => {});
  return h('div', { class: 'card' }, h('p', {}, session.name ? t('signed_in_as', { name: session.name }) : t('signed_in')),
    oneButton(t('sign_out'), async () => {
      await signOut();
      found = null;
      notice(t('signed_out'));
    }, 'plain'));
}

const remembered = () => {
  try { return localStorage.getItem('name') || ''; } catch { return ''; }
};

function signInText(error) {
  if (error.status === 429) return { text: t('pin_wait', { n: error.wait || 30 }) };
  if (error.status === 403) return { text: t('pin_wrong') };
  return refusalText(error);
}

function signInForm(after) {
  const enter = async ({ pin, name }, form) => {
    try {
      await signIn(pin, name.trim());
    } catch (error) {
      const { text, spoken } = signInText(error);
      form.elements.pin.value = '';
      form.elements.pin.focus();
      return notice(text, 'bad', spoken);
    }
    try { localStorage.setItem('name', name.trim()); } catch { /* a browser that keeps nothing */ }
    notice(t('signed_in'));
    after();
  };
  return h('form', { class: 'card narrow', onsubmit: submit(enter) },
    h('p', { class: 'quiet' }, t('sign_in_hint')),
    field(t('your_name'), h('input', { name: 'name', value: remembered(), maxlength: 60, autocomplete: 'name' }), t('your_name_hint')),
    field(t('pin'), h('input', { name: 'pin', type: 'password', required: true, maxlength: 64, autocomplete: 'current-password' })),
    h('button', {}, t('sign_in')));
}

function waitingForAdoption() {
  const planned = state.snapshot.sensors.filter((sensor) => sensor.lifecycle === 'planning');
  if (planned.length === 0) return null;
  return h('p', { class: 'quiet' }, t('not_adopted_yet', { n: planned.length }), ' ',
    planned.map((sensor, i) => [i > 0 && ', ', h('a', { href: sensorLink(sensor.id) }, sensor.name)]));
}

export const setupPage = {
  title: () => t('nav_setup'),
  render() {
    return [
      h('h1', { id: 'title', tabindex: '-1' }, t('nav_setup')),
      section(t('who'), who()),
      h('p', {}, h('a', { class: 'button', href: '#/walk' }, t('walk_title'))),
      signedIn() && can('discover') && section(t('new_devices'),
        h('p', {}, t('new_devices_hint')), waitingForAdoption(), oneButton(t('look_for_devices'), discover), devices()),
    ];
  },
};

/** #/sign-in?back=... */
export const signInPage = {
  title: () => t('sign_in'),
  render({ query }) {
    const back = (query.get('back') || '').startsWith('#/') ? query.get('back') : '#/setup';
    const leave = () => window.location.replace(back);
    return [
      h('h1', { id: 'title', tabindex: '-1' }, t('sign_in')),
      !state.session || !state.session.pin_set || signedIn() ? who() : signInForm(leave),
    ];
  },
};
