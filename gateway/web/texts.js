// What the page says, in the language of the browser: one file of texts for each, English where none fits.

const SAID = { de: () => import('/said_de.js'), es: () => import('/said_es.js') };
const LANGUAGES = { en: () => import('/texts_en.js'), de: () => import('/texts_de.js'), es: () => import('/texts_es.js') };

export let language = 'en';
let texts = {};
let plural = new Intl.PluralRules('en');
let numbers = new Intl.NumberFormat('en');
let shares = numbers;

/** What the gateway itself has said, in the reader's language; null: there is no translation. */
export let translated = () => null;

/** Takes the first language that the reader wants and we have. */
export async function chooseLanguage(wanted = navigator.languages) {
  const match = wanted.find((tag) => LANGUAGES[tag.split('-')[0]]) || 'en';
  texts = (await LANGUAGES[match.split('-')[0]]()).texts;
  const load = SAID[match.split('-')[0]];
  if (load) {
    const [{ translator }, { said, words }] = await Promise.all([import('/said.js'), load()]);
    translated = translator(said, words);
  }
  language = match; // with the region: it decides how numbers and dates look
  plural = new Intl.PluralRules(language);
  numbers = new Intl.NumberFormat(language);
  shares = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 });
  document.documentElement.lang = language;
}

export const number = (value) => numbers.format(value);
export const share = (value) => shares.format(value);

function template(key, params) {
  const text = texts[key];
  if (text === undefined) throw new Error(`there is no text ${key}`);
  return typeof text === 'string' ? text : text[plural.select(params.n)] ?? text.other;
}

const shown = (value) => (typeof value === 'number' ? number(value) : value);

/** A text with its placeholders filled in: {n} also chooses the plural form. */
export function t(key, params = {}) {
  return template(key, params).replace(/\{(\w+)\}/g, (_, name) => shown(params[name]));
}

/** The same where placeholders are elements: a list of texts and nodes. */
export function rich(key, params = {}) {
  return template(key, params).split(/\{(\w+)\}/).map((part, i) => (i % 2 ? shown(params[part]) : part))
    .filter((part) => part !== '');
}
