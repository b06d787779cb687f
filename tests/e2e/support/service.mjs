import assert from 'node:assert/strict';

/** The books and the text of the demo as they are, over HTTP and beside the page that is tested. */
export class Service {
  #gateway;
  #changes = 0;

  constructor(gateway) {
    this.#gateway = gateway;
  }

  /** In the form of what the page says it shows. */
  async values() {
    const [books, text] = await Promise.all(['library/books', 'text/shared'].map((path) => this.#get(path)));
    return { books: books.map(({ model }) => model), text: text.message };
  }

  /** Changes something of each kind: members, and items that come and go. Gives the text that is new in all of them. */
  async change() {
    const n = (this.#changes += 1);
    const text = `change ${n}.`;
    await this.write(text);
    const { books } = await this.values();
    await this.#call(`library/book/${books[0].id}/set`, { title: text });
    await this.#call('library/books/new', { title: text, author: 'somebody' });
    await this.#call('library/books/delete', { id: books[1 + (n % (books.length - 1))].id });
    return text;
  }

  /** Writes the text. */
  async write(message) {
    await this.#call('text/shared/set', { message });
  }

  async #get(path) {
    return (await this.#request(path)).json();
  }

  async #call(path, params) {
    await (await this.#request(path, { method: 'POST', body: JSON.stringify(params) })).text();
  }

  async #request(path, options) {
    const response = await fetch(`${this.#gateway.address}api/${path}`, options);
    assert.ok(response.ok, `${path}: ${response.status}`);
    return response;
  }
}
