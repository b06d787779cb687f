import ResClient from 'resclient-wasm';

const client = new ResClient(import.meta.env.VITE_GATEWAY ?? 'ws://localhost:8080');
const part = (id) => document.getElementById(id);
const text = part('text');
const say = (error) => (part('note').textContent = error ? error.message : '');

// While there is no connection what is shown may be out of date; when there is one again, it heals by itself.
client.on('state', ({ state }) => {
  part('state').textContent =
    { connected: '', stale: 'Catching up …', waiting: 'No connection. Trying again …' }[state] ?? '…';
});

client.get('text.shared').then((shared) => {
  // What was written last may still be on its way: what comes meanwhile is older.
  let sending = 0;
  const show = () => {
    if (sending === 0 && text.value !== shared.message) text.value = shared.message;
  };
  text.addEventListener('input', async () => {
    sending += 1;
    await shared.set({ message: text.value }).then(() => say(), say);
    sending -= 1;
    show();
  });
  shared.on('change', show);
  show();
  text.disabled = false;
}, say);
