import ResClient from 'resclient-wasm';

const client = new ResClient(import.meta.env.VITE_GATEWAY ?? 'ws://localhost:8080');
const part = (id) => document.getElementById(id);
let start = 0;
let shown = [];
let leave;

turn(0);

part('previous').addEventListener('click', () => turn(start - limit()));
part('next').addEventListener('click', () => turn(start + limit()));
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
  part('previous').disabled = start === 0;
  part('next').disabled = shown.length < limit();
}

function row(book) {
  const item = document.createElement('li');
  const tell = () => (item.textContent = `${book.title} by ${book.author}`);
  tell();
  return { item, tell };
}
