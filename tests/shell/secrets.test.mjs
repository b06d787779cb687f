import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { withErrors } from './support/bus.mjs';
import { connected } from './support/client.mjs';

const SECRET = 'swordfish';
const OTHER = 'a token that the service hands out';
const refused = () => ({ error: { code: 'system.accessDenied', message: 'Access denied' } });

test('the debug callback is not shown what somebody authenticates with, nor what is answered', async () => {
  const told = [];
  const { client, gateway } = connected({}, { debug: (...line) => told.push(inspect(line)) });
  gateway.answers.set('auth.session.login', () => ({ result: { payload: { token: OTHER } } }));
  assert.deepEqual(await client.authenticate('session', 'login', { password: SECRET }), { token: OTHER });
  await client.authenticate('session', 'logout').catch(() => {});
  gateway.answers.set('call.session.greet', () => ({ result: { payload: 'hello' } }));
  await client.call('session', 'greet', { name: 'Ada' });
  client.disconnect();
  const text = told.join('\n');
  for (const secret of [SECRET, OTHER]) assert.ok(!text.includes(secret), text);
  // All else is told as it goes over the wire.
  assert.match(text, /"method":"auth\.session\.login","params":"\(not shown\)"/);
  assert.match(text, /"result":"\(not shown\)"/);
  assert.match(text, /"method":"auth\.session\.logout"\}/);
  assert.match(text, /"params":\{"name":"Ada"\}/);
  assert.match(text, /"payload":"hello"/);
});

test('an error of authenticate is logged without what somebody authenticated with, and has it', async () => {
  const { client, gateway } = connected({});
  gateway.answers.set('auth.session.login', refused).set('call.session.none', refused);
  const emitted = new Promise((resolve) => client.on('error', resolve));
  const error = await client.authenticate('session', 'login', { password: SECRET }).catch((error) => error);
  assert.deepEqual(error.params, { password: SECRET });
  for (const text of [inspect(error), JSON.stringify(error), inspect(await emitted)])
    assert.ok(!text.includes(SECRET), text);
  const other = await client.call('session', 'none', { name: 'Ada' }).catch((error) => error);
  assert.match(inspect(other), /params: { name: 'Ada' }/);
  client.disconnect();
});

test('an onConnect that is refused is logged without what it authenticated with', async () => {
  const onConnect = (client) => client.authenticate('session', 'login', { password: SECRET });
  const { client, gateway } = connected({}, { onConnect });
  gateway.answers.set('auth.session.login', refused);
  await withErrors(async (errors) => {
    await client.connect().catch((error) => assert.ok(!inspect(error).includes(SECRET)));
    assert.ok(!inspect(errors, { depth: 9 }).includes(SECRET), inspect(errors));
    assert.equal(errors.length, 1);
  });
  client.disconnect();
});
