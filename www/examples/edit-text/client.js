import ResClient from 'resclient-wasm';

const client = new ResClient(import.meta.env.VITE_GATEWAY ?? 'ws://localhost:8080');
const text = document.getElementById('text');
const say = (error) => (document.getElementById('note').textContent = error ? error.message : '');

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
