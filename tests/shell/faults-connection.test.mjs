import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withErrors } from './support/bus.mjs';
import { connected, next, recorded } from './support/client.mjs';

// Where npm resclient 2.5 waits for ever, or connects in a way that it should not.

const models = () => ({ a: { model: { n: 1 } }, b: { model: { n: 1 } } });
const ACTIONS = ['subscribe.slow', 'get.slow', 'call.slow.m', 'auth.slow.m', 'new.slow', 'call.slow.set'];

/** A promise of each kind, none of which the gateway answers. */
function askForEverything(client, gateway) {
  for (const method of ACTIONS) gateway.answers.set(method, null);
  return [
    client.get('slow'),
    client.fetch('slow'),
    client.call('slow', 'm'),
    client.authenticate('slow', 'm'),
    client.create('slow'),
    client.setModel('slow', {}),
  ];
}

test('whatever waits for an answer is rejected when the connection is lost, and when it is closed', async () => {
  for (const end of [({ gateway }) => gateway.socket.lose(), ({ client }) => client.disconnect()]) {
    const both = connected(models());
    const { client, gateway } = both;
    await client.connect();
    const sent = gateway.request('call.slow.set');
    const asked = askForEverything(client, gateway);
    await sent;
    end(both);
    const outcomes = await Promise.allSettled(asked);
    assert.deepEqual(
      outcomes.map(({ reason }) => [reason?.code, reason?.method]),
      ACTIONS.map((method) => ['system.disconnect', method]),
    );
    for (const method of ACTIONS) gateway.answers.delete(method);
    gateway.resources.set('slow', { model: { n: 2 } });
    assert.equal((await client.get('slow')).n, 2, 'and may be asked for again');
    client.disconnect();
  }
});

test('however a connection ends before it is made, what waits for it is told, and can be had over the next one', async () => {
  const ways = {
    lost: { answer: null, end: (gateway) => gateway.socket.lose(), code: 'system.connectionError' },
    refused: { answer: () => ({ error: { code: 'system.internalError' } }), code: 'system.connectionError' },
    unsupported: {
      answer: () => ({ error: { code: 'system.unsupportedProtocol' } }),
      code: 'system.unsupportedProtocol',
    },
    rejected: { onConnect: () => Promise.reject(new Error('no')), code: 'system.connectionError' },
  };
  for (const [way, { answer, end, onConnect, code }] of Object.entries(ways)) {
    const { client, gateway } = connected(models(), { onConnect });
    if (answer !== undefined) gateway.answers.set('version', answer);
    await withErrors(async () => {
      const shaken = gateway.request('version');
      const asked = [client.connect(), client.get('a'), client.call('a', 'm')];
      await shaken;
      end?.(gateway);
      const outcomes = await Promise.allSettled(asked);
      assert.deepEqual(
        outcomes.map(({ reason }) => reason?.code),
        [code, code, code],
        way,
      );
    });
    gateway.answers.delete('version');
    client.setOnConnect(null);
    assert.equal((await client.get('a')).n, 1, way);
    await client.connect();
    client.disconnect();
  }
});

test('a connection that is lost is made anew also when nothing is cached', async () => {
  const { client, gateway } = connected();
  await client.connect();
  const again = next(client, 'connect');
  gateway.socket.lose();
  await again;
  assert.deepEqual([client.connected, gateway.sockets.length], [true, 2]);
  client.disconnect();
});

test('while the connection is down, get resolves with what is cached, and a listener may come and go', async () => {
  const hour = 3_600_000;
  const { client, gateway } = connected(models(), { reconnectDelay: hour, reconnectDelayMax: hour });
  const model = (await client.get('a')).on();
  gateway.socket.lose();
  assert.equal(client.state.state, 'waiting');
  assert.equal(await client.get('a'), model);
  model.on().off();
  assert.equal(client.getCached('a'), model);
  model.off();
  assert.equal(client.getCached('a'), undefined, 'what nobody listens to is not worth keeping');
  client.disconnect();
});

test('a gateway that does not know the protocol is not asked again', async () => {
  const { client, gateway } = connected(models());
  (await client.get('a')).on();
  const error = { code: 'system.unsupportedProtocol', message: 'Not that one', data: { least: '2.0.0' } };
  gateway.answers.set('version', () => ({ error }));
  const told = next(client, 'error');
  const failed = next(client, 'connectError');
  gateway.socket.lose();
  const { rid, method, code, message, data } = await told;
  assert.deepEqual({ rid, method, code, message, data }, { rid: '', method: 'version', ...error });
  assert.equal((await failed).code, 'system.unsupportedProtocol');
  assert.equal((await failed).data, await told);
  assert.deepEqual([client.state.state, client.state.reason.code], ['closed', 'system.unsupportedProtocol']);
  assert.equal(gateway.sockets.length, 2);
  await assert.rejects(client.connect(), { code: 'system.unsupportedProtocol' });
  assert.deepEqual([client.state.state, gateway.sockets.length], ['closed', 3]);
});

test('handlers of an event of the client are removed one by one, or all at once', async () => {
  const { client, delivered } = connected();
  const seen = [];
  const one = () => seen.push('one');
  client.on('connect', one);
  client.on('connect disconnect', () => seen.push('both'));
  client.off('connect', one);
  client.off('connect', () => {});
  await client.connect();
  await delivered();
  assert.deepEqual(seen.splice(0), ['both']);
  client.off('disconnect');
  client.disconnect();
  await delivered();
  assert.deepEqual(seen, []);
});

test('each event of the client is told once for what it stands for', async () => {
  const { client, gateway, delivered } = connected(models());
  const log = recorded(client, 'connect disconnect error connectError');
  const told = async () => {
    await delivered();
    return log.splice(0).map(([event]) => event);
  };
  await client.connect();
  assert.deepEqual(await told(), ['connect']);
  await client.get('none').catch(() => {});
  assert.deepEqual(await told(), ['error']);
  (await client.get('a')).on();
  const back = next(client, 'connect');
  gateway.socket.lose();
  assert.deepEqual(await told(), ['disconnect']);
  await back;
  assert.deepEqual(await told(), ['connect']);
  client.disconnect();
  client.disconnect();
  assert.deepEqual(await told(), ['disconnect']);
  client.wsFactory = () => {
    throw new Error('no sockets here');
  };
  await client.connect().catch(() => {});
  assert.deepEqual(await told(), ['connectError']);
  client.disconnect();
});
