import { Field } from './field.js';

const MEMBERS = ['title', 'author'];

/** The row of one book. It is made once per model and drawn again only when a member has changed. */
export class BookRow {
  element = document.querySelector('#book-row').content.firstElementChild.cloneNode(true);
  #book;
  #fields = new Map();
  #renders = 0;

  constructor(book, onDelete) {
    this.#book = book;
    this.element.dataset.rid = book.getResourceId();
    const note = this.element.querySelector('.note');
    for (const member of MEMBERS) {
      const input = this.element.querySelector(`[data-member="${member}"]`);
      this.#fields.set(member, new Field(input, note, book));
    }
    this.button.addEventListener('click', () => onDelete(book, note));
    this.#count();
  }

  /** Listener for the model's `change` event, whose payload has the old values of what changed. */
  change = (old) => {
    const changed = MEMBERS.filter((member) => Object.hasOwn(old, member));
    if (changed.length === 0) return;
    for (const member of changed) this.#fields.get(member).draw();
    this.#count();
  };

  /** The button that deletes the book. */
  get button() {
    return this.element.querySelector('.delete');
  }

  #count() {
    const title = this.#book.title || 'without a title';
    this.element.querySelector('[data-member="title"]').setAttribute('aria-label', `Title of ${title}`);
    this.element.querySelector('[data-member="author"]').setAttribute('aria-label', `Author of ${title}`);
    this.button.setAttribute('aria-label', `Delete ${title}`);
    this.#renders += 1;
    this.element.dataset.renders = this.#renders;
    this.element.querySelector('.renders').textContent = `${this.#renders}×`;
  }
}
