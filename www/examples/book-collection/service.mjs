import { connect } from 'nats';
import { NOT_FOUND, ResError, emit, invalidParams, reset, serve } from '../serve.mjs';

const nats = await connect({ servers: process.env.NATS_URL ?? 'nats://127.0.0.1:4222', maxReconnectAttempts: -1 });

const books = new Map();
let lastId = 0;

add('Animal Farm', 'George Orwell');
add('Brave New World', 'Aldous Huxley');
add('Coraline', 'Neil Gaiman');

serve(nats, 'access.library.books', () => ({ result: { get: true, call: 'new,delete' } }));
serve(nats, 'access.library.book.*', () => ({ result: { get: true, call: 'set' } }));

serve(nats, 'get.library.book.*', (_request, subject) => ({ result: { model: book(subject.split('.')[3]) } }));

serve(nats, 'get.library.books', ({ query }) => {
  const references = [...books.keys()].map((id) => ({ rid: rid(id) }));
  if (!query) return { result: { collection: references } };
  const { start, limit } = page(query);
  // The query in its normal form: clients that write it in another way share one resource.
  return { result: { collection: references.slice(start, start + limit), query: `start=${start}&limit=${limit}` } };
});

serve(nats, 'call.library.books.new', ({ params }) => {
  const id = add(text(params, 'title'), text(params, 'author'));
  emit(nats, 'library.books', 'add', { idx: books.size - 1, value: { rid: rid(id) } });
  pagesChanged();
  return { resource: { rid: rid(id) } };
});

serve(nats, 'call.library.books.delete', ({ params }) => {
  const id = params?.id;
  if (!Number.isInteger(id)) throw invalidParams('id must be the number of a book');
  const idx = [...books.keys()].indexOf(id);
  if (idx < 0) throw NOT_FOUND;
  books.delete(id);
  emit(nats, 'library.books', 'remove', { idx });
  pagesChanged();
  emit(nats, rid(id), 'delete');
  return { result: null };
});

serve(nats, 'call.library.book.*.set', ({ params }, subject) => {
  const id = subject.split('.')[3];
  const changed = Object.entries(book(id)).filter(([name]) => name !== 'id' && params?.[name] !== undefined);
  const values = Object.fromEntries(changed.map(([name]) => [name, text(params, name)]));
  Object.assign(book(id), values);
  if (changed.length) emit(nats, rid(id), 'change', { values });
  return { result: null };
});

reset(nats, 'library.>');

function add(title, author) {
  const id = ++lastId;
  books.set(id, { id, title, author });
  return id;
}

function book(id) {
  const found = books.get(Number(id));
  if (!found) throw NOT_FOUND;
  return found;
}

function rid(id) {
  return `library.book.${id}`;
}

/** Any page may be another now: the gateway asks for each that somebody looks at, as it asked for it first. */
function pagesChanged() {
  emit(nats, 'library.books', 'query', { subject: 'get.library.books' });
}

function page(query) {
  const given = new URLSearchParams(query);
  const start = Number(given.get('start') ?? 0);
  const limit = Number(given.get('limit') ?? 10);
  const valid = Number.isInteger(start) && start >= 0 && Number.isInteger(limit) && limit >= 1 && limit <= 100;
  if (!valid) throw new ResError('system.invalidQuery', 'start is at least 0, limit from 1 to 100');
  return { start, limit };
}

function text(params, name) {
  const given = params?.[name];
  if (typeof given !== 'string' || !given.trim()) throw invalidParams(`${name} must be a text that is not empty`);
  return given.trim();
}
