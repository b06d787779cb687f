import { createEffect, createRoot, createSignal } from 'solid-js';
import ResClient from 'resclient-wasm';
import { call, connection, resource } from 'resclient-wasm/solid';

const client = new ResClient(new URL(location.href).searchParams.get('gateway'));

createRoot(() => {
  const [rid, setRid] = createSignal(null);
  const model = resource(client, rid);
  const state = connection(client);
  const set = call(client, 'pack.model', 'set');
  createEffect(() => {
    document.querySelector('#message').textContent = model().data?.message;
    // What writes shows that the rest is there as well.
    const isThere = model().isSuccess && state().state === 'connected' && set().isIdle;
    if (isThere) globalThis.model = { set: (props) => set().call(props) };
  });
  setRid('pack.model');
});
