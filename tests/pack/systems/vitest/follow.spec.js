import { expect, inject, test } from 'vitest';
import ResClient from 'resclient-wasm';

test('a model and its change', async () => {
  expect(typeof document).toBe('object');
  const client = new ResClient(() => new WebSocket(inject('gateway')));
  const model = await client.get('pack.model');
  const changed = new Promise((resolve) => model.on('change', resolve));
  await model.set({ message: inject('text') });
  await changed;
  expect(model.message).toBe(inject('text'));
  client.disconnect();
});
