import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { javascript, rust, rustAlone } from './support/languages.mjs';
import { stage } from './support/stage.mjs';
import { first, until } from './support/until.mjs';

const on = stage();

const JANE = { name: 'Jane Doe', role: 'user' };
const NOBODY = { name: null, role: null };

const languages = {
  JavaScript: javascript('client-session'),
  Rust: rust('session'),
  'Rust, without NATS': rustAlone('session'),
};

for (const [language, command] of Object.entries(languages)) {
  // Where it is the gateway itself that ends, so do its sessions.
  const alone = { skip: command.withoutNats };

  suite(`a session in ${language}`, () => {
    test('who is logged in is told who they are, and nobody else is', async () => {
      await on.service(command);
      const client = on.client();
      const user = await userOf(client);
      assert.deepEqual(user.toJSON(), NOBODY);
      await logIn(client);
      await until(() => user.name === JANE.name);
      assert.deepEqual(user.toJSON(), JANE);
      assert.deepEqual((await userOf(on.client())).toJSON(), NOBODY);
      await assert.rejects(on.client().get('session.user.someone'), { code: 'system.accessDenied' });
    });

    test('a wrong password begins none', async () => {
      await on.service(command);
      const client = on.client();
      const wrong = client.authenticate('session', 'login', { name: 'jane', password: 'admin' });
      await assert.rejects(wrong, { code: 'session.wrong' });
      await assert.rejects(client.get('ticker.model'), { code: 'system.accessDenied' });
    });

    test('a new connection with its key is the session, and the one before is it no more', async () => {
      await on.service(command);
      const [before, after] = [on.client(), on.client()];
      const { key } = await logIn(before);
      const left = await userOf(before);
      const user = await userOf(after);
      await after.authenticate('session', 'resume', { key });
      await until(() => user.name === JANE.name && left.name === null);
      assert.equal((await after.get('ticker.model')).seconds >= 0, true);
      await assert.rejects(before.get('ticker.model'), { code: 'system.accessDenied' });
    });

    test(
      'it survives the end of the connection and of the gateway: the client goes on with what it had',
      alone,
      async () => {
        await on.service(command);
        let key;
        const client = on.client({
          onConnect: async (client) => {
            if (key) ({ key } = await client.authenticate('session', 'resume', { key }));
          },
        });
        ({ key } = await logIn(client));
        const user = await userOf(client);
        const ticker = await client.get('ticker.model');
        let lost;
        ticker.on('unsubscribe', ({ reason }) => (lost = reason));
        await on.gateway.kill();
        await on.gateway.start();
        const { seconds } = ticker;
        await until(() => ticker.seconds > seconds);
        assert.deepEqual(user.toJSON(), JANE);
        assert.equal(lost, undefined);
      },
    );

    test('a key is used once; of an answer that was lost it does not matter', async () => {
      await on.service(command);
      const client = on.client();
      const first = await logIn(client);
      const resume = ({ key }) => client.authenticate('session', 'resume', { key });
      await resume(first);
      // As if that answer had been lost: the key before it still holds.
      const third = await resume(first);
      const user = await userOf(client);
      assert.deepEqual(user.toJSON(), JANE);
      await resume(third);
      await assert.rejects(resume(first), { code: 'session.ended' });
      await until(() => user.name === null);
      await assert.rejects(resume(third), { code: 'session.ended' });
      await assert.rejects(client.get('ticker.model'), { code: 'system.accessDenied' });
    });

    test('it ends when its last key is too old, unless another was asked for', async () => {
      await on.service(command, { env: { SESSION_SECONDS: '1' } });
      const [idle, active] = [on.client(), on.client()];
      const user = await userOf(idle);
      let { key } = await logIn(active);
      await logIn(idle);
      await until(() => user.name === JANE.name);
      const still = await userOf(active);
      await until(async () => {
        ({ key } = await active.authenticate('session', 'resume', { key }));
        return user.name === null;
      });
      assert.deepEqual(still.toJSON(), JANE);
      await until(() => still.name === null);
    });

    test('logging out ends it for good', async () => {
      await on.service(command);
      const client = on.client();
      const { key } = await logIn(client);
      const ticker = await client.get('ticker.model');
      const ended = first(ticker, 'unsubscribe');
      await client.authenticate('session', 'logout');
      assert.equal((await ended).reason.code, 'system.accessDenied');
      await assert.rejects(client.authenticate('session', 'resume', { key }), { code: 'session.ended' });
    });

    test('a service that has lost its sessions gives nobody what was theirs', async () => {
      const service = await on.service(command);
      const client = on.client();
      await logIn(client);
      const user = await userOf(client);
      const ticker = on.follow(client, 'ticker.model');
      await until(() => ticker.told > 0);
      await service.kill();
      await service.start();
      await until(() => ticker.error);
      assert.equal(ticker.error.code, 'system.accessDenied');
      await until(() => user.name === null);
    });
  });
}

function logIn(client) {
  return client.authenticate('session', 'login', { name: 'jane', password: 'jane' });
}

/** The model of the user, kept up to date. */
async function userOf(client) {
  const user = await client.get('session.user.{cid}');
  user.on();
  return user;
}
