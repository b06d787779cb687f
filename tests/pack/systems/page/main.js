import ResClient from 'resclient-wasm';

const client = new ResClient(new URL(location.href).searchParams.get('gateway'));
client.get('pack.model').then((model) => {
  const show = () => (document.querySelector('#message').textContent = model.message);
  model.on('change', show);
  show();
  globalThis.model = model;
});
