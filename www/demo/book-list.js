import { BookRow } from './book-row.js';
import { flash } from './flash.js';
import { note, reason } from './note.js';

/** The rows of all books, in the order of the collection, with the form that adds one. */
export class BookList {
  #client;
  #section;
  #list;
  #ready = false;
  /** A book that has moved keeps its row. */
  #rows = new WeakMap();
  #shown = [];

  constructor(client, section) {
    this.#client = client;
    this.#section = section;
    this.#list = section.querySelector('.rows');
    const form = section.querySelector('form');
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#add(form);
    });
  }

  /** Puts a book at a place and gives its row. */
  insert(book, idx) {
    let row = this.#rows.get(book);
    if (!row) {
      row = new BookRow(book, (...of) => this.#delete(...of));
      this.#rows.set(book, row);
    }
    this.#list.insertBefore(row.element, this.#list.children[idx] ?? null);
    this.#shown.splice(idx, 0, row);
    if (this.#ready) flash(row.element);
    this.#count();
    return row;
  }

  /** Takes the book at a place away and gives its row. */
  remove(idx) {
    const [row] = this.#shown.splice(idx, 1);
    const focused = row.element.contains(document.activeElement);
    row.element.remove();
    // Whoever works by keyboard goes on from the same place.
    if (focused) (this.#shown[Math.min(idx, this.#shown.length - 1)]?.button ?? this.#title).focus();
    this.#count();
    return row;
  }

  /** All books are there; from now on, what comes is news. */
  ready() {
    this.#ready = true;
    this.#list.setAttribute('aria-busy', 'false');
    this.#count();
  }

  /** The books cannot be had. */
  fail(error) {
    this.#list.setAttribute('aria-busy', 'false');
    this.#empty.textContent = reason(error);
  }

  async #add(form) {
    const warning = form.querySelector('.note');
    const { title, author } = form.elements;
    try {
      await this.#client.call('library.books', 'new', { title: title.value, author: author.value });
      form.reset();
      note(warning);
      title.focus();
    } catch (error) {
      note(warning, reason(error));
    }
  }

  async #delete(book, warning) {
    try {
      await this.#client.call('library.books', 'delete', { id: book.id });
      note(warning);
    } catch (error) {
      note(warning, reason(error));
    }
  }

  #count() {
    this.#empty.hidden = this.#shown.length > 0;
    if (this.#ready) this.#empty.textContent = 'No books. Add the first one below.';
  }

  get #empty() {
    return this.#section.querySelector('[data-part="empty"]');
  }

  get #title() {
    return this.#section.querySelector('form [name="title"]');
  }
}
