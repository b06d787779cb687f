import ResClient from 'resclient-wasm';

const client = new ResClient(import.meta.env.VITE_GATEWAY ?? 'ws://localhost:8080');
const part = (id) => document.getElementById(id);
let leave;

look();

part('login').addEventListener('submit', (event) => {
  event.preventDefault();
  const { name, password } = event.target.elements;
  attempt(async () => {
    await post('login', { name: name.value, password: password.value });
    event.target.reset();
    await reconnect();
  });
});
part('logout').addEventListener('submit', (event) => {
  event.preventDefault();
  attempt(() => post('logout'));
});
part('renew').addEventListener('click', () => {
  attempt(async () => {
    await post('renew');
    await reconnect();
  });
});
part('edit').addEventListener('submit', (event) => {
  event.preventDefault();
  attempt(() => client.setModel('members.note', { message: part('message').value }));
});

/** The cookie goes with the request that opens a connection, so it is a new one that has the new token. */
async function reconnect() {
  client.disconnect();
  await client.connect();
  look();
}

function look() {
  leave?.();
  leave = client.subscribe('members.note', show, refused);
}

function show(note) {
  part('message').value = note.message;
  entered(true);
}

/** Not logged in yet, or no more: the token was given up, or its time is over. */
function refused(error) {
  part('message').value = '';
  part('note').textContent = error.code === 'system.accessDenied' ? '' : error.message;
  entered(false);
}

function entered(isIn) {
  part('message').disabled = part('set').disabled = !isIn;
  part('login').hidden = isIn;
  part('logout').hidden = !isIn;
}

async function post(method, params) {
  const body = params && JSON.stringify(params);
  const response = await fetch(`/api/auth/${method}`, { method: 'POST', body });
  if (!response.ok) throw new Error((await response.json()).message);
}

async function attempt(action) {
  part('note').textContent = '';
  await action().catch((error) => (part('note').textContent = error.message));
}
