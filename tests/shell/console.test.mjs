import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withErrors } from './support/bus.mjs';
import { connected, exported } from './support/client.mjs';

const { ResModel } = exported;

test('a console that throws does not stop the client', async () => {
  const { client, gateway, delivered } = connected({ a: { model: { t: 'A' } } });
  class Model extends ResModel {
    __update(values, reset) {
      if (values.t === 'bad') throw new Error('a fault of the application');
      return super.__update(values, reset);
    }
  }
  client.registerModelType('a', (client, rid) => new Model(client, rid));
  const a = await client.get('a');
  const heard = [];
  a.on('change', () => {
    heard.push(a.t);
    throw new Error('a fault of the application');
  });
  await withErrors(async () => {
    console.error = () => {
      throw new Error('no output, please');
    };
    for (const t of ['bad', 'good', 'better']) gateway.event('a', 'change', { values: { t } });
    await delivered();
    gateway.event('a', 'change', { values: { t: 'best' } });
    await delivered();
    await client.call('some', 'method');
  });
  assert.deepEqual(heard, ['better', 'better', 'best']);
  client.disconnect();
});
