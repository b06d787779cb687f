import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { javascript, rust, rustAlone } from './support/languages.mjs';
import { stage } from './support/stage.mjs';
import { first, until } from './support/until.mjs';

const on = stage();

const languages = {
  JavaScript: javascript('password-authentication'),
  Rust: rust('password'),
  'Rust, without NATS': rustAlone('password'),
};

for (const [language, command] of Object.entries(languages)) {
  suite(`the password in ${language}`, () => {
    test('without it, the counter is denied, over WebSocket and HTTP', async () => {
      await on.service(command);
      await assert.rejects(on.client().get('ticker.model'), { code: 'system.accessDenied' });
      assert.equal((await on.http('ticker/model')).status, 401);
    });

    test('a wrong one, and none, lets nobody in', async () => {
      await on.service(command);
      const client = on.client();
      await assert.rejects(client.authenticate('passwd', 'login', { password: 'guess' }), { code: 'passwd.wrong' });
      await assert.rejects(client.authenticate('passwd', 'login'));
      await assert.rejects(client.get('ticker.model'), { code: 'system.accessDenied' });
    });

    test('with it the counter counts, for this client alone', async () => {
      await on.service(command);
      const client = on.client();
      await client.authenticate('passwd', 'login', { password: 'secret' });
      const ticker = await client.get('ticker.model');
      const { seconds } = ticker;
      ticker.on();
      await until(() => ticker.seconds > seconds);
      await assert.rejects(on.client().get('ticker.model'), { code: 'system.accessDenied' });
    });

    test('logging out takes the counter away at once, while others keep it, and logging in brings it back', async () => {
      await on.service(command);
      const [one, other] = [on.client(), on.client()];
      const tickers = [];
      for (const client of [one, other]) {
        await client.authenticate('passwd', 'login', { password: 'secret' });
        const ticker = await client.get('ticker.model');
        ticker.on();
        tickers.push(ticker);
      }
      const ended = first(tickers[0], 'unsubscribe');
      const refused = first(one, 'error');
      await one.authenticate('passwd', 'logout');
      const { reason } = await ended;
      assert.equal(reason.code, 'system.accessDenied');
      const at = tickers[0].seconds;
      const next = tickers[1].seconds;
      await until(() => tickers[1].seconds > next + 1);
      assert.equal(tickers[0].seconds, at);
      // It has asked again by then, and is not to go on so.
      assert.equal((await refused).code, 'system.accessDenied');
      await one.authenticate('passwd', 'login', { password: 'secret' });
      await until(() => tickers[0].seconds > at);
    });
  });
}
