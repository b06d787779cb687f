import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useModel } from '../../pkg/vue.js';
import { connected, next } from './support/client.mjs';
import { is, until, used } from './support/composables.mjs';

const DENIED = { code: 'system.accessDenied', message: 'Access denied' };
const secret = (n) => ({ model: { n } });

test('what was taken away from a listener is there again once somebody has authenticated', async () => {
  const { client, gateway } = connected({ secret: secret(1) });
  const model = await client.get('secret');
  const changed = next(model, 'change');
  model.on();
  gateway.resources.set('secret', { error: DENIED });
  gateway.socket.direct.delete('secret');
  const refused = next(client, 'error');
  gateway.event('secret', 'unsubscribe', { reason: DENIED });
  assert.equal((await refused).code, 'system.accessDenied');
  assert.ok(client.isStale('secret'));

  gateway.resources.set('secret', secret(2));
  await client.authenticate('session', 'login');
  assert.deepEqual(await changed, { n: 1 });
  assert.deepEqual([model.n, client.isStale('secret')], [2, false]);
  client.disconnect();
});

test('what is taken away in the moment in which it comes is asked for again later, and not at once', async () => {
  const { client, gateway, delivered } = connected({ secret: secret(1) });
  gateway.answers.set('subscribe.secret', () => {
    queueMicrotask(() => gateway.event('secret', 'unsubscribe', { reason: DENIED }));
    return { result: gateway.set(['secret']) };
  });
  const { error, stop } = used(() => useModel('secret', client));
  const { code } = await until(error, Boolean);
  assert.equal(code, 'system.noSubscription');
  for (let round = 0; round < 10; round++) await delivered();
  assert.equal(gateway.count('subscribe.secret'), 1);
  stop();
  client.disconnect();
});

test('to authenticate in onConnect is only a step of it', async () => {
  const { client, gateway, delivered } = connected({ secret: secret(1) });
  let told = 0;
  client.on('authenticate', () => (told += 1));
  client.setOnConnect(async () => {
    await client.authenticate('session', 'one');
    await client.authenticate('session', 'two');
  });
  assert.equal((await client.get('secret')).n, 1);
  await delivered();
  assert.equal(told, 0);
  await client.authenticate('session', 'three');
  await delivered();
  assert.equal(told, 1);
  const asked = gateway.requests.map(({ method }) => method).filter((method) => !method.startsWith('unsubscribe'));
  const logins = ['one', 'two', 'three'].map((name) => `auth.session.${name}`);
  assert.deepEqual(asked, ['version', ...logins.slice(0, 2), 'subscribe.secret', logins[2]]);
  client.disconnect();
});

for (const protocol of ['1.2.3', '1.1.1']) {
  test(`what composables and subscribe could not have is there once somebody has authenticated, with ${protocol}`, () =>
    follows(protocol));
}

async function follows(protocol) {
  const { client, gateway } = connected({ secret: { error: DENIED } });
  gateway.protocol = protocol;
  const { status, data, stop } = used(() => useModel('secret', client));
  await until(status, is('error'));
  const seen = new Promise((resolve) => client.subscribe('secret', resolve));
  await client.authenticate('session', 'wrong');
  assert.equal(status.value, 'error');
  gateway.resources.set('secret', secret(1));
  // What fails changes nothing.
  gateway.answers.set('auth.session.login', () => ({ error: { code: 'session.no', message: 'No' } }));
  const before = gateway.count('subscribe.secret');
  await assert.rejects(client.authenticate('session', 'login'), { code: 'session.no' });
  await client.call('session', 'ping');
  assert.equal(gateway.count('subscribe.secret'), before);
  gateway.answers.delete('auth.session.login');
  await client.authenticate('session', 'login');
  await until(status, is('success'));
  assert.equal((await seen).n, 1);
  assert.deepEqual(data.value, { n: 1 });
  stop();
  client.disconnect();
}
