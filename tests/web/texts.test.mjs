// Every language says everything, with the same blanks to fill in.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';

const WEB = new URL('../../gateway/web/', import.meta.url);
const read = (file) => readFile(new URL(file, WEB), 'utf8');

async function texts(language) {
  const source = await read(`texts_${language}.js`);
  return (await import(`data:text/javascript,${encodeURIComponent(source)}`)).texts;
}

const english = await texts('en');
const blanks = (text) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]))].sort();

for (const language of ['de', 'es']) {
  test(`texts: ${language} has every text of the English page, and no other`, async () => {
    assert.deepEqual(Object.keys(await texts(language)), Object.keys(english));
  });

  test(`texts: ${language} leaves the same blanks`, async () => {
    for (const [key, text] of Object.entries(await texts(language))) {
      const forms = (of) => (typeof of === 'string' ? of : of.other);
      assert.deepEqual(blanks(forms(text)), blanks(forms(english[key])), key);
      if (typeof text === 'string') continue;
      const wanted = new Intl.PluralRules(language).resolvedOptions().pluralCategories.filter((form) => form !== 'many');
      assert.deepEqual(Object.keys(text).sort(), [...wanted].sort(), key);
    }
  });
}

test('texts: the page asks for no text that there is not, and none is there for nobody', async () => {
  const files = (await readdir(WEB)).filter((file) => file.endsWith('.js') && !file.startsWith('texts_'));
  const source = (await Promise.all(files.map(read))).join('\n');
  for (const [, key] of source.matchAll(/\b(?:t|rich)\('(\w+)'/g)) assert.ok(key in english, `there is no text ${key}`);
  for (const key of Object.keys(english)) {
    const composed = /^(status|severity|lifecycle|span|before|after|nav|clock)_/.test(key);
    assert.ok(composed || source.includes(`'${key}'`), `nobody asks for ${key}`);
  }
});

// What the gateway itself says.
const SAYS = ['health/verdict', 'health/reach', 'health/norms', 'health/ratios', 'health/own', 'health/watch', 'status/problems', 'walk/verdict'];
const PIECES = new Set(['wrong_zone ', '; ', ': ', ' ', '{}; {}', '{}: {}', '{}: {}. {}', '{}. {}', ', it {} every {}', 'should report', 'usually reports', ' And {} more.', '{} {} ago', 'its link came back', 'the gateway started']);

/** The texts of a C++ source, those that stand side by side joined, without what is for the database. */
function literals(source) {
  const found = [];
  let end = -1;
  for (const match of source.matchAll(/"((?:[^"\\\n]|\\.)*)"|\/\/.*|#include.*/g)) {
    if (match[1] === undefined) continue;
    const text = match[1].replace(/\\(.)/g, '$1').replace(/\{:[^}]*\}/g, '{}');
    if (end >= 0 && source.slice(end, match.index).trim() === '') found.push(found.pop() + text);
    else found.push(text);
    end = match.index + match[0].length;
  }
  return found.filter((text) => text.includes(' ') && !/\b(select|update|insert|savepoint|release)\b/.test(text) && !PIECES.has(text));
}

const sources = await Promise.all(SAYS.map((name) => read(`../${name}.cpp`)));
const sentences = new Set(sources.flatMap(literals));
const said = async (language) => import(`data:text/javascript,${encodeURIComponent(await read(`said_${language}.js`))}`);
const { translator } = await import(`data:text/javascript,${encodeURIComponent(await read('said.js'))}`);

for (const language of ['de', 'es']) {
  test(`said: ${language} has every sentence of the gateway, and no other`, async () => {
    const list = await said(language);
    const known = list.said.map(([sentence]) => sentence);
    assert.deepEqual([...sentences].filter((sentence) => !known.includes(sentence)), [], 'not translated');
    assert.deepEqual(known.filter((sentence) => !sentences.has(sentence)), [], 'said no more');
    for (const [sentence, translation] of [...list.said, ...list.words]) {
      const places = sentence.split('{}').length - 1;
      const used = [...translation.matchAll(/\{(\d)\}/g)].map((match) => Number(match[1])).sort();
      assert.deepEqual(used, [...Array(places).keys()], translation);
    }
  });
}

test('said: sentences are found in what they are put together into', async () => {
  const list = await said('de');
  const german = translator(list.said, list.words);
  const cases = {
    'silent for 31 min, it usually reports every 60 s': 'still seit 31 min, meldet sich sonst alle 60 s',
    'Main door: silent for 3 days': 'Main door: still seit 3 Tagen',
    'Main door: its battery is at 9 %. Replace the battery in the next days.': 'Main door: seine Batterie ist bei 9 %. Wechseln Sie die Batterie in den nächsten Tagen.',
    'Main door: silent for 31 min. Check that the sensor has power and that its cable or radio link is in place. If it moved to another network, enter its new settings.':
      'Main door: still seit 31 min. Prüfen Sie, ob der Sensor Strom hat und Kabel oder Funk in Ordnung sind. Ist er in ein anderes Netz umgezogen, tragen Sie die neuen Einstellungen ein.',
    'quiet since its link came back 5 min ago': 'ruhig seit dem Zeitpunkt vor 5 min, als seine Verbindung wiederkam',
    'silent for 40 min; its link broker is down: refused': 'still seit 40 min; seine Verbindung broker ist unterbrochen: refused',
    '3 messages of the last hour could not be read: /data: too short': '3 Nachrichten der letzten Stunde nicht lesbar: /data: too short',
    'The gateway is 78 degrees Celsius hot.': 'Das Gateway ist 78 Grad Celsius heiß.',
    'The link bus is down: no answer. Check its cable, its network and what is at the other end; it is tried again by itself.':
      'Die Verbindung bus ist unterbrochen: no answer. Prüfen Sie Kabel, Netz und die Gegenseite; es wird von selbst wieder versucht.',
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(german(text), expected);
  assert.equal(german('The broker refused the connection: not authorised'), null);
  assert.equal(german('x. '.repeat(5000)), null);
});
