import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connected } from './support/client.mjs';

test('a debug callback may call and read what the frame it is told of has brought', async () => {
  const resources = { a: { model: { b: { rid: 'b' } } }, b: { model: { t: 'B', a: { rid: 'a' } } } };
  let calls = 0;
  const { client } = connected(resources, {
    debug: (type, message) => {
      if (type === 'response' && message.includes('"b"') && calls++ === 0) void client.call('log', 'seen');
      if (type === 'request' && message.includes('call.log.seen')) client.getCached('b');
    },
  });
  const a = await client.get('a');
  assert.equal(calls, 1);
  assert.equal(a.b.t, 'B');
  client.disconnect();
});
