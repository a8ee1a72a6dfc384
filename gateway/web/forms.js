// Forms that ask the gateway for something, and say what came of it.

import { h } from '/dom.js';
import { refusalText } from '/parts.js';
import { notice } from '/state.js';

let busy = false; // one thing at a time

/** A handler for onsubmit: `work` gets the form's values; what it throws is shown. */
export function submit(work) {
  return async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    const form = event.currentTarget;
    form.setAttribute('aria-busy', 'true');
    notice(null);
    try {
      await work(Object.fromEntries(new FormData(form)), form);
    } catch (error) {
      const { text, spoken } = refusalText(error);
      notice(text, 'bad', spoken);
    } finally {
      busy = false;
      form.removeAttribute('aria-busy');
    }
  };
}

/** A form of one button. */
export const oneButton = (text, work, kind = 'button') => h('form', { onsubmit: submit(work) }, h('button', { class: kind }, text));
