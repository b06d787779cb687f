import ResClient from '/pkg/index.js';
import { FollowedBooks, FollowedModel } from './followed.js';

/** A page that follows the books and the text of the demo, asks for things meanwhile, and keeps account of both. */
class Page {
  /** How often something was asked for, and how often that was answered, one way or the other. */
  asked = 0;
  settled = 0;
  /** How often the client has connected. */
  connects = 0;
  #client;
  #books;
  #text;
  #asking;

  constructor(options) {
    this.#client = new ResClient('/', options);
    this.#client.on('connect', () => (this.connects += 1));
  }

  async follow() {
    // Both are asked for in one task, so that both are renewed together later.
    const [books, text] = await Promise.all(['library.books', 'text.shared'].map((rid) => this.#client.get(rid)));
    this.#books = new FollowedBooks(books);
    this.#text = new FollowedModel(text);
  }

  get state() {
    return this.#client.state.state;
  }

  /** What a reader of the page sees. */
  values() {
    return { books: this.#books.values(), text: this.#text.values().message };
  }

  /** What does not fit in what the handlers were told. */
  faults() {
    return [...this.#books.faults(), ...this.#text.faults()];
  }

  /** Asks for something of each kind, now and whenever `every` milliseconds are over. */
  ask(every) {
    const count = (promise) => {
      const settle = () => (this.settled += 1);
      this.asked += 1;
      promise.then(settle, settle);
    };
    const ask = () => {
      count(this.#client.call('library.book.1', 'set', { author: `asked ${this.asked}` }));
      count(this.#client.fetch('example.model'));
      count(this.#client.get('demo.control'));
      count(this.#client.authenticate('text.shared', 'none'));
    };
    ask();
    this.#asking = setInterval(ask, every);
  }

  askNoMore() {
    clearInterval(this.#asking);
  }

  /** Lets go of everything. */
  release() {
    this.#books.leave();
    this.#text.leave();
    this.#books = this.#text = undefined;
    this.#client.disconnect();
  }
}

const options = new URLSearchParams(location.search);
const page = new Page(Object.fromEntries([...options].map(([name, value]) => [name, Number(value)])));
await page.follow();
globalThis.page = page;
