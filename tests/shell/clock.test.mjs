import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { connected, next } from './support/client.mjs';

test('a clock that is set back stops neither the heartbeat nor a reconnect', async () => {
  const { client, gateway } = connected({ a: { model: {} } }, { heartbeatInterval: 5, unsubscribeDelay: 1e6 });
  (await client.get('a')).on();
  // The heartbeat alone does not keep the process from ending.
  const alive = setInterval(() => {}, 1000);
  const { now } = performance;
  const ahead = mock.method(performance, 'now', () => now.call(performance) + 86_400_000);
  gateway.event('a', 'anything');
  ahead.mock.restore();
  await gateway.request('version');
  clearInterval(alive);
  gateway.socket.lose();
  const { until } = client.state;
  assert.ok(until < performance.now() + 1000, `${until - performance.now()} ms`);
  while (client.state.state !== 'connected') await next(client, 'state');
  client.disconnect();
});
