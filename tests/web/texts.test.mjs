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
