import { BookList } from './book-list.js';
import { ConnectionPanel } from './connection-panel.js';
import { client, follow } from './library.js';
import { note, reason } from './note.js';
import { sharedLine } from './shared-line.js';
import { showSource } from './source.js';
import { Ticker } from './ticker.js';
import { wire } from './wire.js';

const part = (id) => document.getElementById(id);

const panel = new ConnectionPanel(client, wire, part('connection'), part('state'));
const ticker = new Ticker(part('ticker'));
client.on('state', (event) => {
  panel.changed(event);
  ticker.stale = event.state !== 'connected';
});

const books = new BookList(client, part('books'));
follow(books).then(
  () => books.ready(),
  (error) => books.fail(error),
);
const shared = part('shared');
sharedLine(client, shared).catch((error) => note(shared.querySelector('.note'), reason(error)));
ticker.follow(client).catch((error) => (part('ticker').querySelector('h2').textContent = reason(error)));
showSource(document.querySelector('[data-source]')).catch((error) => {
  document.querySelector('[data-source]').textContent = error.message;
});
