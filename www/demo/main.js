import { BookList } from './book-list.js';
import { ConnectionPanel } from './connection-panel.js';
import { client, follow } from './library.js';
import { isUnreachable, note, reason } from './note.js';
import { sharedLine } from './shared-line.js';
import { showSource } from './source.js';
import { Ticker } from './ticker.js';
import { wire } from './wire.js';

const part = (id) => document.getElementById(id);
const RETRY = 2000;

const source = document.querySelector('[data-source]');
showSource(source).catch((error) => (source.textContent = error.message));

const panel = new ConnectionPanel(client, wire, part('connection'), part('state'));
const ticker = new Ticker(part('ticker'));
client.on('state', (event) => {
  panel.changed(event);
  ticker.stale = event.state !== 'connected';
});
client.on('disconnect', () => panel.lost());

const books = new BookList(client, part('books'));
const shared = part('shared');

load(() => follow(books)).then(
  () => books.ready(),
  (error) => books.fail(error),
);
load(() => sharedLine(client, shared)).catch((error) => note(shared.querySelector('.note'), reason(error)));
load(() => ticker.follow(client)).catch((error) => (part('ticker').querySelector('h2').textContent = reason(error)));
load(() => panel.follow()).catch((error) => console.warn('The library cannot be watched:', reason(error)));

/** Loads a part of the page. As long as a client has nothing to keep, trying again is up to the page. */
async function load(run) {
  for (;;) {
    try {
      await client.connect();
      return await run();
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY));
    }
  }
}
