import ResClient from 'resclient-wasm';

const client = new ResClient(import.meta.env.VITE_GATEWAY ?? 'ws://localhost:8080');
const part = (id) => document.getElementById(id);
let start = 0;
let shown = [];
let leave;

// While there is no connection what is shown may be out of date; when there is one again, it heals by itself.
client.on('state', ({ state }) => {
  part('state').textContent =
    { connected: '', stale: 'Catching up …', waiting: 'No connection. Trying again …' }[state] ?? '…';
});

turn(0);

part('previous').addEventListener('click', () => start > 0 && turn(start - limit()));
part('next').addEventListener('click', () => shown.length === limit() && turn(start + limit()));
part('limit').addEventListener('change', () => turn(start - (start % limit())));

function limit() {
  return Number(part('limit').value);
}

/** Shows the page that begins with the book at `first`, and leaves the one that was shown: who is asked for it again has it at hand. */
function turn(first) {
  start = Math.max(0, first);
  leave?.();
  leave = client.subscribe(`library.books?start=${start}&limit=${limit()}`, draw, (error) => {
    part('note').textContent = error.message;
  });
}

function draw(books) {
  for (const { book, tell } of shown) book.off('change', tell);
  shown = [...books].map((book) => ({ book, ...row(book) }));
  for (const { book, tell } of shown) book.on('change', tell);
  part('books').start = start + 1;
  part('books').replaceChildren(...shown.map(({ item }) => item));
  part('place').textContent = shown.length ? `Books ${start + 1} to ${start + shown.length}` : 'No books here';
  part('note').textContent = '';
  // Not disabled, which would take the focus from who works by keyboard.
  part('previous').setAttribute('aria-disabled', start === 0);
  part('next').setAttribute('aria-disabled', shown.length < limit());
}

function row(book) {
  const item = document.createElement('li');
  const tell = () => (item.textContent = `${book.title} by ${book.author}`);
  tell();
  return { item, tell };
}
