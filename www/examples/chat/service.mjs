import { connect } from 'nats';
import { NOT_FOUND, ResError, emit, invalidParams, reset, serve, setToken } from '../serve.mjs';

// The last messages are kept, and so many of one connection, and of all together, are taken within a time.
const MOST_MESSAGES = 100;
const MOST_IN_WINDOW = 5;
const MOST_OF_ALL = 50;
const WINDOW = 5_000;

const nats = await connect({ servers: process.env.NATS_URL ?? 'nats://127.0.0.1:4222', maxReconnectAttempts: -1 });

const messages = new Map();
let lastId = 0;

// When each connection wrote its last messages.
const recent = new Map();

add('Ada', 'Hello! Is anybody there?', Date.now() - 180_000);
add('Grace', 'I am. Every window that is open has this message at once.', Date.now() - 120_000);
add('Ada', 'Then say a name below and write something.', Date.now() - 60_000);

serve(nats, 'auth.chat.login', ({ cid, params }) => {
  const name = text(params, 'name', 30);
  // The gateway sends the token along with all that this connection asks for. The next connection has none.
  setToken(nats, cid, { name });
  return { result: { name } };
});

serve(nats, 'auth.chat.logout', ({ cid }) => {
  setToken(nats, cid, null);
  return { result: null };
});

serve(nats, 'access.chat.messages', ({ token }) => ({ result: { get: true, call: token?.name ? 'post' : '' } }));
serve(nats, 'access.chat.message.*', () => ({ result: { get: true } }));

serve(nats, 'get.chat.messages', () => ({
  result: { collection: [...messages.keys()].map((id) => ({ rid: rid(id) })) },
}));

serve(nats, 'get.chat.message.*', (_request, subject) => {
  const message = messages.get(Number(subject.split('.')[3]));
  if (!message) throw NOT_FOUND;
  return { result: { model: message } };
});

serve(nats, 'call.chat.messages.post', ({ cid, token, params }) => {
  // The author is whoever the gateway knows this connection to be, whatever the params say.
  if (!token?.name) throw new ResError('system.accessDenied', 'Access denied');
  const said = text(params, 'text', 500);
  count(cid);
  const id = add(token.name, said, Date.now());
  emit(nats, 'chat.messages', 'add', { idx: messages.size - 1, value: { rid: rid(id) } });
  if (messages.size > MOST_MESSAGES) removeOldest();
  return { result: null };
});

reset(nats, 'chat.>');

function add(author, text, at) {
  const id = ++lastId;
  messages.set(id, { id, author, text, at });
  return id;
}

function removeOldest() {
  const [id] = messages.keys();
  messages.delete(id);
  emit(nats, 'chat.messages', 'remove', { idx: 0 });
  emit(nats, rid(id), 'delete');
}

function rid(id) {
  return `chat.message.${id}`;
}

/** Counts one more message of a connection, unless it is too fast. */
function count(cid) {
  const since = Date.now() - WINDOW;
  // Nobody tells of connections that are gone: they are forgotten with what they wrote.
  for (const [key, times] of recent) {
    const left = times.filter((time) => time > since);
    if (left.length) recent.set(key, left);
    else recent.delete(key);
  }
  const times = recent.get(cid) ?? [];
  const ofAll = [...recent.values()].flat().length;
  // Who connects anew is counted anew, but not for the room.
  if (times.length >= MOST_IN_WINDOW || ofAll >= MOST_OF_ALL) {
    throw new ResError(
      'chat.tooFast',
      'Take a breath: five messages in five seconds are the most, and fifty of all together.',
    );
  }
  recent.set(cid, [...times, Date.now()]);
}

function text(params, name, longest) {
  const given = params?.[name];
  const trimmed = typeof given === 'string' ? given.trim() : '';
  // A character may be two of the units that length counts.
  const length = [...trimmed].length;
  // Nothing that is not seen, or has others seen in another place; emoji are joined by one of these.
  const isShown =
    /[^\s\p{Cf}]/u.test(trimmed) && !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(trimmed.replaceAll('\u200d', ''));
  if (!isShown || length > longest)
    throw invalidParams(`${name} must be one line of 1 to ${longest} characters that show`);
  return trimmed;
}
