// A page that few open is loaded when somebody does.

import { h } from '/dom.js';
import { changed } from '/state.js';
import { t } from '/texts.js';

export function later(title, load) {
  let page = null;
  let asked = false;
  const get = () => {
    if (!page && !asked) {
      asked = true;
      load().then((loaded) => { page = loaded; changed(); }, () => { asked = false; });
    }
    return page;
  };
  return {
    title: (route) => (page ? page.title(route) : t(title)),
    render(route) {
      const ready = get();
      return ready ? ready.render(route) : [h('h1', { id: 'title', tabindex: '-1' }, t(title)), h('p', { class: 'quiet' }, t('loading'))];
    },
  };
}
