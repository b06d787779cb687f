import { flash } from './flash.js';
import { note, reason } from './note.js';

/** An input that shows one member of a model and writes it back on Enter or when it is left. */
export class Field {
  #input;
  #note;
  #model;
  #member;
  #shown = '';
  #sending;
  #refused;

  constructor(input, noteElement, model) {
    this.#input = input;
    this.#note = noteElement;
    this.#model = model;
    this.#member = input.dataset.member;
    this.#show(this.#current);
    input.addEventListener('blur', () => this.#input.value !== this.#refused && this.#commit());
    input.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && !event.isComposing) this.#commit();
      if (event.key === 'Escape') this.#takeBack();
    });
  }

  /** Shows the model's value, but for a draft of the person: that is kept, and they are told. */
  draw() {
    flash(this.#input);
    if (this.#sending !== undefined) return;
    const current = this.#current;
    const draft = this.#input.value;
    if (draft === this.#shown || draft === current) return this.#show(current);
    this.#shown = current;
    note(this.#note, `Meanwhile it became “${current}”. Enter keeps yours, Escape takes it.`);
  }

  async #commit() {
    const draft = this.#input.value;
    if (draft === this.#shown || draft === this.#sending) return;
    this.#sending = draft;
    this.#refused = undefined;
    this.#input.setAttribute('aria-busy', 'true');
    try {
      await this.#model.set({ [this.#member]: draft });
      if (this.#input.value === draft) this.#show(this.#current);
    } catch (error) {
      this.#refused = draft;
      this.#input.setAttribute('aria-invalid', 'true');
      note(this.#note, reason(error));
    } finally {
      this.#sending = undefined;
      this.#input.removeAttribute('aria-busy');
    }
  }

  #takeBack() {
    this.#show(this.#current);
    this.#input.select();
  }

  #show(value) {
    this.#shown = value;
    this.#refused = undefined;
    this.#input.value = value;
    this.#input.removeAttribute('aria-invalid');
    note(this.#note);
  }

  get #current() {
    return this.#model[this.#member] ?? '';
  }
}
