// The last events of what is looked at, the latest first.

import { element, part } from './dom.js';
import { isObject } from './value.js';

const MOST = 50;

export class EventLog {
  #list;
  #none;

  constructor(root) {
    this.#list = root.querySelector('#events');
    this.#none = part(root, 'no-events');
    root.querySelector('#clear').addEventListener('click', () => this.clear());
    this.clear();
  }

  add(name, data) {
    const now = new Date();
    const time = element('time', { datetime: now.toISOString() }, now.toLocaleTimeString('en-GB'));
    const text = data === undefined || data === null ? '' : JSON.stringify(shortened(data));
    this.#list.prepend(element('li', {}, time, element('b', {}, name), element('code', {}, text)));
    while (this.#list.children.length > MOST) this.#list.lastChild.remove();
    this.#show();
  }

  clear() {
    this.#list.replaceChildren();
    this.#show();
  }

  #show() {
    this.#list.hidden = !this.#list.children.length;
    this.#none.hidden = !this.#list.hidden;
  }
}

/** Without the resources that come along, which are not the event. */
function shortened(data) {
  if (!isObject(data) || Array.isArray(data)) return data;
  const isOwn = ([name]) => !['models', 'collections', 'errors'].includes(name);
  return Object.fromEntries(Object.entries(data).filter(isOwn));
}
