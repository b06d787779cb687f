import ResClient from 'resclient-wasm';

const client = new ResClient(import.meta.env.VITE_GATEWAY ?? 'ws://localhost:8080');
const part = (id) => document.getElementById(id);
let leave;

look();

part('login').addEventListener('submit', (event) => {
  event.preventDefault();
  attempt(async () => {
    await client.authenticate('passwd', 'login', { password: part('password').value });
    event.target.reset();
    look();
  });
});
part('logout').addEventListener('submit', (event) => {
  event.preventDefault();
  attempt(() => client.authenticate('passwd', 'logout'));
});

function look() {
  leave?.();
  leave = client.subscribe('ticker.model', show, refused);
}

function show(ticker) {
  part('message').textContent = `${ticker.seconds} s since the service started`;
  entered(true);
}

/** Not logged in yet, or no more: the gateway takes away what a client may not see. The token ends with the connection, too. */
function refused(error) {
  const isDenied = error.code === 'system.accessDenied';
  part('message').textContent = isDenied ? 'Log in to see the counter' : error.message;
  entered(false);
}

function entered(isIn) {
  part('login').hidden = isIn;
  part('logout').hidden = !isIn;
}

async function attempt(action) {
  part('note').textContent = '';
  await action().catch((error) => (part('note').textContent = error.message));
}
