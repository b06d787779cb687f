import ResClient from 'resclient-wasm';

const part = (id) => document.getElementById(id);
const rows = new Map();
let name = null;

// The token ends with the connection: on every new one the name is given again, before anything else is asked for.
const client = new ResClient(import.meta.env.VITE_GATEWAY ?? 'ws://localhost:8080', {
  onConnect: () => (name === null ? undefined : client.authenticate('chat', 'login', { name })),
});

client.subscribe('chat.messages', draw, say);

// While there is no connection what is shown may be out of date; when there is one again, it heals by itself.
client.on('state', ({ state }) => {
  part('state').textContent =
    { connected: '', stale: 'Catching up …', waiting: 'No connection. Trying again …' }[state] ?? '…';
});

part('login').addEventListener('submit', (event) => {
  event.preventDefault();
  attempt(async () => {
    ({ name } = await client.authenticate('chat', 'login', { name: part('name').value }));
    part('as').textContent = `Message from ${name}`;
    enter(true);
    part('text').focus();
  });
});

part('post').addEventListener('submit', (event) => {
  event.preventDefault();
  attempt(async () => {
    await client.call('chat.messages', 'post', { text: part('text').value });
    event.target.reset();
  });
});

part('logout').addEventListener('click', () => {
  attempt(async () => {
    await client.authenticate('chat', 'logout');
    name = null;
    enter(false);
    part('name').focus();
  });
});

/** Messages come at the end and go at the beginning; what is there stays as it is. */
function draw(messages) {
  const list = part('messages');
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const there = new Set(messages);
  for (const [message, { row, show }] of rows) {
    if (there.has(message)) continue;
    message.off('change', show);
    row.remove();
    rows.delete(message);
  }
  for (const message of messages) {
    if (rows.has(message)) continue;
    rows.set(message, messageRow(message));
    list.append(rows.get(message).row);
  }
  if (isAtEnd) list.scrollTop = list.scrollHeight;
}

function messageRow(message) {
  const row = document.createElement('li');
  const who = document.createElement('strong');
  const when = document.createElement('time');
  const what = document.createElement('span');
  what.className = 'text';
  row.append(who, when, what);
  // Nobody edits messages, but a service that has started again may have given the ID to another one.
  const show = () => {
    const at = new Date(message.at);
    who.textContent = message.author;
    when.dateTime = at.toISOString();
    when.textContent = at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
    what.textContent = message.text;
  };
  message.on('change', show);
  show();
  return { row, show };
}

function enter(isIn) {
  part('login').hidden = isIn;
  part('post').hidden = !isIn;
}

function say(error) {
  part('note').textContent = error ? error.message : '';
}

async function attempt(action) {
  say();
  await action().catch(say);
}
