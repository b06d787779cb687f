import ResClient from 'resclient-wasm';

const KEY = 'session-key';

// A session is for one tab, which is as long as this storage lives; loading the page again is no other tab.
const storage = sessionStorage;

// The key makes every new connection one of the session, before anything else is asked for on it.
const client = new ResClient(import.meta.env.VITE_GATEWAY ?? 'ws://localhost:8080', { onConnect: resume });
const part = (id) => document.getElementById(id);
let renewal;
let leave;

client.get('session.user.{cid}').then((user) => {
  user.on('change', () => show(user));
  show(user);
}, say);

part('login').addEventListener('submit', (event) => {
  event.preventDefault();
  const { name, password } = event.target.elements;
  say();
  client.authenticate('session', 'login', { name: name.value, password: password.value }).then(keep, say);
  event.target.reset();
});
part('logout').addEventListener('submit', (event) => {
  event.preventDefault();
  client.authenticate('session', 'logout').catch(say);
});

async function resume() {
  const key = storage.getItem(KEY);
  if (!key) return;
  try {
    keep(await client.authenticate('session', 'resume', { key }));
  } catch (error) {
    // Only what the service says is a reason to forget the key: a break of the connection is none.
    if (error.code !== 'session.ended') throw error;
    storage.removeItem(KEY);
  }
}

function keep({ key, seconds }) {
  storage.setItem(KEY, key);
  clearTimeout(renewal);
  renewal = setTimeout(() => resume().catch(say), seconds * 500);
}

function show(user) {
  const isIn = user.name !== null;
  part('login').hidden = isIn;
  part('logout').hidden = !isIn;
  part('name').textContent = user.name;
  part('role').textContent = user.role;
  leave?.();
  if (isIn) leave = client.subscribe('ticker.model', tick, say);
  else forget();
}

function forget() {
  clearTimeout(renewal);
  storage.removeItem(KEY);
  part('message').textContent = 'Log in to see the counter';
}

function tick(ticker) {
  say();
  part('message').textContent = `${ticker.seconds} s since the service started`;
}

function say(error) {
  part('note').textContent = error ? error.message : '';
}
