// What the gateway itself says, in the reader's language: sentences with places that it fills in, put together from others.

// What has more was not said by the gateway, and would be taken apart in too many ways.
const MOST_PARTS = 9;

/** From a list of [sentence, translation] a function that gives the translation of a text, or null where there is none. */
export function translator(said, words) {
  const whole = new Map();
  const patterns = [];
  for (const [sentence, translation] of [...said, ...words]) {
    if (!sentence.includes('{}')) {
      whole.set(sentence, translation);
      continue;
    }
    const source = sentence.split('{}').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('(.*?)');
    patterns.push({ test: new RegExp(`^${source}$`, 's'), translation, length: sentence.length });
  }
  patterns.sort((a, b) => b.length - a.length);

  function filled({ translation }, places) {
    return translation.replace(/\{(\d)\}/g, (_, n) => translate(places[n]) ?? places[n]);
  }

  /** Sentences, or what stands between semicolons, each of which is known. */
  function inParts(text) {
    for (const mark of ['. ', '; ']) {
      for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
        const before = text.slice(0, at);
        const right = translate(text.slice(at + mark.length));
        const left = right === null ? null : mark === '. ' ? sentence(before) : translate(before);
        if (left !== null) return `${left}${mark === '. ' ? ' ' : mark}${right}`;
      }
    }
    return null;
  }
  function sentence(text) {
    const known = translate(`${text}.`) ?? translate(text);
    return known === null || known.endsWith('.') ? known : `${known}.`;
  }

  /** Something known behind a name, or before something that others said. */
  function named(text) {
    for (let at = text.indexOf(': '); at >= 0; at = text.indexOf(': ', at + 1)) {
      const [before, after] = [text.slice(0, at), text.slice(at + 2)];
      const [left, right] = [translate(before), translate(after)];
      if (left !== null || right !== null) return `${left ?? before}: ${right ?? after}`;
    }
    return null;
  }

  function translate(text) {
    if (!text || text.split(/[.;:] /).length > MOST_PARTS) return null;
    const known = whole.get(text) ?? inParts(text);
    if (known !== null && known !== undefined) return known;
    for (const pattern of patterns) {
      const match = pattern.test.exec(text);
      if (match) return filled(pattern, match.slice(1));
    }
    return named(text);
  }

  const remembered = new Map();
  return (text) => {
    if (!remembered.has(text)) {
      if (remembered.size > 500) remembered.clear();
      remembered.set(text, translate(text));
    }
    return remembered.get(text);
  };
}
