import ResClient from 'resclient-wasm';

const client = new ResClient(import.meta.env.VITE_GATEWAY ?? 'ws://localhost:8080');
const message = document.getElementById('message');

client.get('example.model').then(
  (model) => {
    const show = () => (message.textContent = model.message);
    model.on('change', show);
    show();
  },
  (error) => (message.textContent = error.message),
);
