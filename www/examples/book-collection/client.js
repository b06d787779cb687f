import ResClient from 'resclient-wasm';

const client = new ResClient(import.meta.env.VITE_GATEWAY ?? 'ws://localhost:8080');
const part = (id) => document.getElementById(id);
const rows = new Map();

// While there is no connection what is shown may be out of date; when there is one again, it heals by itself.
client.on('state', ({ state }) => {
  part('state').textContent =
    { connected: '', stale: 'Catching up …', waiting: 'No connection. Trying again …' }[state] ?? '…';
});

client.subscribe('library.books', draw, (error) => {
  part('note').textContent = error.message;
});

part('add').addEventListener('submit', async (event) => {
  event.preventDefault();
  const form = event.target;
  const { title, author } = form.elements;
  const added = client.call('library.books', 'new', { title: title.value, author: author.value });
  if (await succeeds(added, part('note'))) form.reset();
});

function draw(books) {
  const shown = [...books];
  for (const [book, row] of rows) {
    if (shown.includes(book)) continue;
    book.off('change', row.show);
    rows.delete(book);
  }
  for (const book of shown) if (!rows.has(book)) rows.set(book, bookRow(book));
  // Only what is in another place is moved: moving an input takes the focus from it.
  const list = part('books');
  shown.forEach((book, at) => {
    const { element } = rows.get(book);
    if (list.children[at] !== element) list.insertBefore(element, list.children[at] ?? null);
  });
  while (list.children.length > shown.length) list.lastChild.remove();
}

function bookRow(book) {
  const element = part('book').content.firstElementChild.cloneNode(true);
  const form = element.querySelector('form');
  const note = element.querySelector('.note');
  const { title, author } = form.elements;
  // What was typed and is not saved yet stays, whatever others save meanwhile.
  const show = (before) => {
    for (const input of [title, author]) {
      const { name } = input;
      if (!before || input.value === (before[name] ?? book[name])) input.value = book[name];
    }
    element.setAttribute('aria-label', book.title);
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    succeeds(book.set({ title: title.value, author: author.value }), note).then((done) => done && show());
  });
  form.querySelector('[data-action=delete]').addEventListener('click', () => {
    // Who works by keyboard goes on at the row that takes its place.
    const { nextElementSibling: next, previousElementSibling: previous } = element;
    succeeds(client.call('library.books', 'delete', { id: book.id }), note).then((done) => {
      if (done) (next ?? previous ?? part('add')).querySelector('input').focus();
    });
  });
  book.on('change', show);
  show();
  return { element, show };
}

async function succeeds(request, note) {
  note.textContent = '';
  try {
    await request;
    return true;
  } catch (error) {
    note.textContent = error.message;
    return false;
  }
}
