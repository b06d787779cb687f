import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/lib/places.mjs';
import { withErrors } from './support/bus.mjs';
import { Gateway } from './support/gateway.mjs';

const { default: ResClient, EventBus, init } = await import('../../pkg/slim.js');
await init(WebAssembly.compile(limited(readFileSync(join(root, 'pkg/client.wasm')))));

/** The module with a memory that may grow by a MiB only, so that the engine runs out of it. */
function limited(bytes) {
  for (let at = 8; at < bytes.length;) {
    const id = bytes[at];
    const size = number(bytes, at + 1);
    if (id !== 5) {
      at = size.next + size.value;
      continue;
    }
    const pages = number(bytes, size.next + 2);
    const section = [1, 1, ...leb(pages.value), ...leb(pages.value + 16)];
    const rest = bytes.subarray(size.next + size.value);
    return Buffer.concat([bytes.subarray(0, at), Buffer.from([5, section.length, ...section]), rest]);
  }
  throw new Error('the module has no memory');
}

function number(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7, at++) {
    value |= (bytes[at] & 0x7f) << shift;
    if (bytes[at] < 0x80) return { value, next: at + 1 };
  }
}

function leb(value) {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >> 7)];
}

function start() {
  const gateway = new Gateway({
    a: { model: { n: 1, b: { rid: 'b' }, unread: { rid: 'unread' } } },
    b: { model: {} },
    unread: { model: {} },
  });
  const eventBus = new EventBus();
  return { gateway, client: new ResClient(gateway.factory, { eventBus, unsubscribeDelay: 1e6 }) };
}

/** More resources than there is memory for. */
const huge = () => Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`huge.${n}`, { model: {} }]));

test('an engine that breaks off ends the connection, says so to all that wait, and is followed by another', async () => {
  const { client, gateway } = start();
  const other = start();
  const elsewhere = await other.client.get('a');
  const model = await client.get('a');
  const log = [];
  client.on(null, (data, _client, event) => log.push([event, data?.code ?? data?.reason?.code, data?.rid]));
  model.on('change', () => {});
  assert.equal(model.b.getResourceId(), 'b');
  gateway.answers.set('call.some.method', null);
  const call = client.call('some', 'method').catch((error) => error);
  const { socket } = gateway;
  const { onmessage } = socket;
  for (const [rid, resource] of Object.entries(huge())) gateway.resources.set(rid, resource);
  const models = gateway.set([...gateway.resources.keys()].filter((rid) => rid.startsWith('huge'))).models;
  await withErrors((errors) => {
    socket.deliver({ event: 'a.change', data: { values: { n: { rid: 'huge.0' } }, models } });
    assert.ok(errors[0][0] instanceof WebAssembly.RuntimeError, String(errors[0]));
  });
  assert.equal((await call).code, 'resclient.internalError');
  assert.deepEqual([client.state.state, client.state.reason.code], ['closed', 'resclient.internalError']);
  assert.deepEqual([client.connected, client.ws, socket.isClosed], [false, null, true]);
  await new Promise((resolve) => setTimeout(resolve));
  const code = 'resclient.internalError';
  assert.ok(log.some(([event, code_, rid]) => event === 'resclient.error' && code_ === code && rid === 'a'));
  assert.ok(log.some(([event, reason]) => event === 'resclient.state' && reason === code));
  // What was read stays readable, and can be let go.
  assert.deepEqual([model.n, model.b.toJSON()], [1, {}]);
  assert.throws(() => model.unread, /has no text/);
  assert.equal(client.getCached('a'), undefined);
  assert.throws(() => model.on(), /not found in cache/);
  assert.deepEqual(client.inspect().resources, []);
  onmessage({ data: '{}' });
  client.disconnect();

  const again = await client.get('a');
  assert.notEqual(again, model);
  assert.equal(gateway.sockets.length, 2);
  again.on();
  gateway.event('a', 'change', { values: { n: 2 } });
  assert.deepEqual([again.n, model.n], [2, 1]);
  // Another client goes on with the engine it has.
  other.gateway.event('a', 'change', { values: { n: 3 } });
  assert.equal(elsewhere.n, 3);
  client.disconnect();
  other.client.disconnect();
});
