import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withErrors } from './support/bus.mjs';
import { connected } from './support/client.mjs';

/** A promise, and how to settle it. */
function gate() {
  let open;
  const opened = new Promise((resolve) => (open = resolve));
  return { opened, open };
}

const turn = () => new Promise((resolve) => setTimeout(resolve));
const methods = (gateway) => gateway.requests.map(({ method }) => method);

test('what others ask for while onConnect runs is asked for after its end, when it has authenticated', async () => {
  const { opened, open } = gate();
  const started = gate();
  const { client, gateway } = connected(
    { a: { model: { n: 1 } } },
    {
      onConnect: async (client) => {
        started.open();
        await opened;
        await client.authenticate('session', 'login', { token: 't' });
      },
    },
  );
  client.connect();
  await started.opened;
  await turn();
  const model = client.get('a');
  const call = client.call('a', 'm');
  await turn();
  assert.deepEqual(methods(gateway), ['version']);
  open();
  assert.equal((await model).n, 1);
  await call;
  assert.deepEqual(methods(gateway), ['version', 'auth.session.login', 'subscribe.a', 'call.a.m']);
  client.disconnect();
});

test('onConnect may ask for one thing after the other', async () => {
  const seen = [];
  const { client, gateway } = connected(
    { user: { model: { name: 'x' } } },
    {
      onConnect: async (client) => {
        seen.push(client.connected);
        await client.authenticate('session', 'login');
        seen.push(client.connected);
        await client.call('session', 'check');
        seen.push((await client.get('user')).name);
        await Promise.all([client.call('session', 'one'), client.call('session', 'two')]);
        await client.call('session', 'last');
      },
    },
  );
  await client.connect();
  assert.deepEqual(seen, [true, false, 'x']);
  assert.deepEqual(methods(gateway), [
    'version',
    'auth.session.login',
    'call.session.check',
    'subscribe.user',
    'call.session.one',
    'call.session.two',
    'call.session.last',
  ]);
  client.disconnect();
});

test('onConnect gets what was asked for before there was a connection', async () => {
  const seen = [];
  const { client, gateway } = connected(
    { user: { model: { name: 'x' } } },
    { onConnect: async (client) => seen.push((await client.get('user')).name) },
  );
  const user = await client.get('user');
  await client.connect();
  assert.deepEqual([seen, user.name], [['x'], 'x']);
  assert.deepEqual(methods(gateway), ['version', 'subscribe.user']);
  client.disconnect();
});

test('no task of somebody else begins while it is taken for the hook', async () => {
  const { opened, open } = gate();
  const { client, gateway } = connected(
    { a: { model: {} } },
    {
      onConnect: async (client) => {
        await client.authenticate('session', 'login');
        await opened;
      },
    },
  );
  // In the task that comes next, whatever there is before and after the login.
  const gets = [];
  const polling = setInterval(() => gets.push(client.get('a')), 0);
  const login = gateway.request('auth.session.login');
  client.connect();
  await login;
  while (gets.length < 3) await turn();
  clearInterval(polling);
  assert.deepEqual(methods(gateway), ['version', 'auth.session.login']);
  open();
  await Promise.all(gets);
  assert.equal(gateway.count('subscribe.a'), 1);
  client.disconnect();
});

test('an onConnect that is asked to wait by the service waits, and goes on as itself', async () => {
  let busy = true;
  const { client, gateway } = connected(
    {},
    {
      retryOnTooActive: true,
      onConnect: async (client) => {
        await client.call('session', 'slow');
        await client.call('session', 'check');
      },
    },
  );
  gateway.answers.set('call.session.slow', () => {
    const error = { code: 'system.tooActive', message: 'Too active', data: { seconds: 0 } };
    return busy ? ((busy = false), { error }) : { result: { payload: 1 } };
  });
  await client.connect();
  assert.deepEqual(methods(gateway), ['version', 'call.session.slow', 'call.session.slow', 'call.session.check']);
  client.disconnect();
});

test('what waits for an onConnect that fails is rejected with it', async () => {
  const { opened, open } = gate();
  const started = gate();
  const { client } = connected(
    {},
    {
      onConnect: async () => {
        started.open();
        await opened;
        throw new Error('no');
      },
    },
  );
  const { error } = console;
  console.error = () => {};
  try {
    const connect = client.connect().catch((failure) => failure);
    await started.opened;
    await turn();
    const call = client.call('a', 'm').catch((failure) => failure);
    open();
    assert.equal((await call).code, 'system.connectionError');
    assert.equal((await connect).data.message, 'no');
  } finally {
    console.error = error;
  }
});

test('the client is this to its callbacks', async () => {
  const seen = [];
  const callback = (name) =>
    function () {
      seen.push([name, this]);
    };
  const { client } = connected({}, { onConnect: callback('onConnect'), onConnectError: callback('onConnectError') });
  await client.connect();
  client.disconnect();
  client.wsFactory = () => null;
  await client.connect().catch(() => {});
  assert.deepEqual(
    seen.map(([name, self]) => [name, self === client]),
    [
      ['onConnect', true],
      ['onConnectError', true],
    ],
  );
});

test('an onConnect that is not answered fails when requestTimeout is over', async () => {
  const { client, gateway } = connected(
    {},
    { requestTimeout: 1, onConnect: (client) => client.authenticate('session', 'login') },
  );
  gateway.answers.set('auth.session.login', null);
  await withErrors(async () => {
    const error = await client.connect().catch((e) => e);
    assert.deepEqual([error.code, error.data.code], ['system.connectionError', 'system.timeout']);
  });
});
