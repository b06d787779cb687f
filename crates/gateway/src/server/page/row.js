// A member of a model or an item of a collection, which can be edited in its place.

import { element } from './dom.js';
import { read, reference, shown, written } from './value.js';

export class Row {
  #name;
  #value;
  #cell = element('td');
  #buttons = element('td', { class: 'actions' });
  #note = element('p', { class: 'note', role: 'alert' });
  #head = element('th', { scope: 'row' });
  #field;
  #lookup;
  #save;
  /** Whether it was asked for here that it is removed. */
  isRemoving = false;

  /**
   * `lookup(rid)` gives what a reference leads to. `save(value)` and `remove()` ask the service for it; without `save` the
   * value cannot be edited.
   */
  constructor(name, value, { lookup, save, remove }) {
    this.#lookup = lookup;
    this.#save = save;
    this.#value = value;
    const button = element('button', { class: 'icon', type: 'button', onclick: () => this.#remove(remove) }, '×');
    this.removing = button;
    this.#buttons.append(button);
    this.element = element('tr', {}, this.#head, this.#cell, this.#buttons);
    this.name = name;
    this.#draw();
  }

  get name() {
    return this.#name;
  }

  set name(name) {
    if (this.#name === name) return;
    this.#name = name;
    this.#head.textContent = name;
    this.removing.setAttribute('aria-label', `Remove ${name}`);
    this.#label();
  }

  /** Whether it refers to a resource, which is shown along with it. */
  refersTo(rid) {
    return reference(this.#value) === rid;
  }

  /** Takes over a value of the service; what somebody is typing stays. */
  update(value) {
    if (JSON.stringify(value) === JSON.stringify(this.#value)) return;
    this.#value = value;
    this.flash();
    if (this.#field) this.#say(`It has become ${JSON.stringify(value)} meanwhile. Esc takes that over.`);
    else this.#draw();
  }

  /** Shows what it refers to as that is now. */
  redraw() {
    if (!this.#field && reference(this.#value) !== undefined) this.#draw();
  }

  flash() {
    this.element.classList.remove('flash');
    // The animation begins anew only where the browser has seen it without.
    requestAnimationFrame(() => this.element.classList.add('flash'));
  }

  #draw() {
    const hadFocus = this.#cell.contains(document.activeElement);
    const parts = shown(this.#value, this.#lookup(reference(this.#value)));
    const isLink = reference(this.#value) !== undefined;
    const edit = () => this.#edit();
    this.#field = undefined;
    this.editing = undefined;
    if (!this.#save) {
      this.#cell.replaceChildren(...parts, this.#note);
      return;
    }
    if (isLink) {
      this.editing = element('button', { class: 'link', type: 'button', onclick: edit }, 'Edit');
      const [link, ...rest] = parts;
      this.#cell.replaceChildren(link, this.editing, ...rest, this.#note);
    } else {
      this.editing = element('button', { class: 'value', type: 'button', onclick: edit }, ...parts);
      this.#cell.replaceChildren(this.editing, this.#note);
    }
    this.#label();
    if (hadFocus) this.editing.focus();
  }

  #label() {
    const text = this.editing?.classList.contains('value') ? ` ${this.editing.textContent}` : '';
    this.editing?.setAttribute('aria-label', `Edit ${this.#name}:${text}`.replace(/:$/, ''));
  }

  #edit() {
    this.#say('');
    const text = written(this.#value);
    const rows = Math.min(text.split('\n').length, 12);
    const field = element('textarea', { rows, spellcheck: 'false', 'aria-label': `Value of ${this.#name}` });
    const hint = element('p', { class: 'quiet' }, 'Enter saves, Shift+Enter is a new line, Esc takes back.');
    field.value = text;
    field.addEventListener('keydown', (event) => this.#key(event));
    this.#field = field;
    this.#cell.replaceChildren(field, hint, this.#note);
    field.focus();
    field.select();
  }

  #key(event) {
    if (event.isComposing) return;
    if (event.key === 'Escape') {
      this.#say('');
      this.#draw();
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      const { value } = this.#field;
      void this.#try(async () => {
        // What is there already is not asked for.
        if (value !== written(this.#value)) await this.#save(read(value));
        this.#say('');
        this.#draw();
      });
    }
  }

  async #remove(remove) {
    this.isRemoving = true;
    await this.#try(remove);
    // It has been refused, or is gone by now or with the next frame.
    this.isRemoving = !this.#note.textContent;
  }

  async #try(action) {
    this.#say('');
    this.element.setAttribute('aria-busy', 'true');
    try {
      await action();
    } catch (error) {
      this.#say(error.message);
    }
    this.element.removeAttribute('aria-busy');
  }

  #say(text) {
    this.#note.textContent = text;
    this.#field?.setAttribute('aria-invalid', String(Boolean(text)));
  }
}
