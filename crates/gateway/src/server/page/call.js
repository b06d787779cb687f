// The form that calls any method of the resource that is looked at.

import { element, part } from './dom.js';
import { address, readParams } from './value.js';

export class CallForm {
  #form;
  #answer;
  #send;

  /** `send(type, method, params)` calls it. */
  constructor(root, send) {
    this.#form = root.querySelector('#call');
    this.#answer = part(root, 'answer');
    this.#send = send;
    this.#form.addEventListener('submit', (event) => void this.#submit(event));
  }

  /** What was answered for one resource is none of the next. */
  clear() {
    this.#form.querySelector('.note').textContent = '';
    this.#answer.hidden = true;
  }

  async #submit(event) {
    event.preventDefault();
    const { type, method, params } = this.#form.elements;
    const note = this.#form.querySelector('.note');
    this.clear();
    try {
      if (!method.value.trim()) throw new Error('Which method? Write its name, such as set.');
      const result = await this.#send(type.value, method.value.trim(), readParams(params.value));
      const isResource = typeof result?.rid === 'string';
      const shown = isResource
        ? element('a', { href: address(result.rid) }, result.rid)
        : element('pre', { tabindex: '0' }, JSON.stringify(result?.payload ?? null, null, 2));
      this.#answer.replaceChildren(element('p', {}, isResource ? 'A resource' : 'Result'), shown);
      this.#answer.hidden = false;
    } catch (error) {
      const data = error.data === undefined ? '' : ` ${JSON.stringify(error.data)}`;
      note.textContent = error.code ? `${error.message} (${error.code})${data}` : error.message;
    }
  }
}
