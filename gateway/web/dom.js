// Elements, and changing what is shown into what is to be shown without losing focus or what was typed.

const HANDLERS = ['onclick', 'onsubmit', 'onchange', 'onpointerdown', 'onpointermove', 'onpointerleave'];
const SVG = 'http://www.w3.org/2000/svg';

/**
 * An element. Props: `key` (who it is among its siblings), handlers as properties, `style` as an object of
 * custom properties, everything else an attribute; null and false leave one out. Children: nodes, text,
 * arrays of these; null and false are nothing. Whatever a sensor calls itself stays text.
 */
export function h(tag, props = {}, ...children) {
  const node = tag === 'svg' || tag === 'path' ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'key') node.key = value;
    else if (name === 'style') for (const [key, text] of Object.entries(value)) node.style.setProperty(key, text);
    else if (HANDLERS.includes(name)) node[name] = value;
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...flat(children));
  return node;
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

function patchAttributes(now, next) {
  for (const { name } of [...now.attributes]) {
    const own = name === 'style' || (name === 'open' && now.nodeName === 'DETAILS'); // the reader's
    if (!own && !next.hasAttribute(name)) now.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (name !== 'style' && now.getAttribute(name) !== value) now.setAttribute(name, value);
  }
  if (now.style && now.style.cssText !== next.style.cssText) now.style.cssText = next.style.cssText;
  for (const name of HANDLERS) {
    if (now[name] !== next[name]) now[name] = next[name];
  }
}

function patchNode(now, next) {
  if (now.nodeType === Node.TEXT_NODE) {
    if (now.data !== next.data) now.data = next.data; // or a screen reader would read it again
    return;
  }
  patchAttributes(now, next);
  patch(now, [...next.childNodes]);
}

/** Makes the children of `parent` what `next` is; what is the same stays the same node. */
export function patch(parent, next) {
  const wanted = flat([next]).map((node) => (typeof node === 'string' ? document.createTextNode(node) : node));
  const keyed = new Map([...parent.childNodes].filter((node) => node.key !== undefined).map((node) => [node.key, node]));
  let at = parent.firstChild;
  for (const node of wanted) {
    const match = node.key === undefined ? at : keyed.get(node.key);
    if (!match || match.nodeName !== node.nodeName || match.key !== node.key) {
      parent.insertBefore(node, at);
      continue;
    }
    if (match === at) at = at.nextSibling;
    else parent.insertBefore(match, at);
    patchNode(match, node);
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

/** A drawing of one path in a square of 24, beside a text that says the same. */
export function icon(path) {
  return h('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true', class: 'icon' }, h('path', { d: path }));
}
