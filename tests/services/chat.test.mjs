import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { javascript } from './support/languages.mjs';
import { stage } from './support/stage.mjs';
import { first, until } from './support/until.mjs';

const on = stage();
const post = (client, text, more) => client.call('chat.messages', 'post', { text, ...more });

suite('the chat in JavaScript', () => {
  test('whoever has said a name writes under that name, and all have it at once', async () => {
    await on.service(javascript('chat'));
    const [reader, writer] = [on.client(), on.client()];
    const messages = await reader.get('chat.messages');
    assert.deepEqual(
      [...messages].map(({ author }) => author),
      ['Ada', 'Grace', 'Ada'],
    );
    const added = first(messages, 'add');
    await assert.rejects(post(writer, 'Hello'), { code: 'system.accessDenied' });
    assert.deepEqual(await writer.authenticate('chat', 'login', { name: ' Mary ' }), { name: 'Mary' });
    assert.equal(await post(writer, ' Hello ', { author: 'Ada' }), null);
    const { item, idx } = await added;
    assert.deepEqual([item.author, item.text, idx], ['Mary', 'Hello', 3]);
    await writer.authenticate('chat', 'logout');
    await assert.rejects(post(writer, 'Hello'), { code: 'system.accessDenied' });
  });

  test('names and texts that do not fit are refused', async () => {
    await on.service(javascript('chat'));
    const client = on.client();
    for (const name of ['', ' ', 'a'.repeat(31), 'a\nb', 7]) {
      await assert.rejects(client.authenticate('chat', 'login', { name }), { code: 'system.invalidParams' });
    }
    await client.authenticate('chat', 'login', { name: '𝄞'.repeat(30) });
    for (const text of ['', ' ', 'a'.repeat(501), undefined]) {
      await assert.rejects(post(client, text), { code: 'system.invalidParams' });
    }
    await post(client, '𝄞'.repeat(500));
  });

  test('five messages in five seconds are the most of a connection, and fifty of all', async () => {
    await on.service(javascript('chat'));
    const messages = await on.client().get('chat.messages');
    messages.on();
    for (let written = 0; written < 50;) {
      const client = on.client();
      await client.authenticate('chat', 'login', { name: 'Mary' });
      for (let n = 0; n < 5; n += 1) await post(client, String((written += 1)));
      await assert.rejects(post(client, 'too much'), { code: 'chat.tooFast' });
      client.disconnect();
    }
    await until(() => messages.length === 53 && messages.atIndex(52).text === '50');
    const another = on.client();
    await another.authenticate('chat', 'login', { name: 'Grace' });
    await assert.rejects(post(another, 'too much'), { code: 'chat.tooFast' });
  });
});

test('the ticker in JavaScript keeps a history whose last point is the price', async () => {
  await on.service(javascript('ticker-chart'));
  const client = on.client();
  const [main, history] = await Promise.all([client.get('ticker.main'), client.get('ticker.history')]);
  for (const resource of [main, history]) resource.on();
  const { at } = main;
  await until(() => main.at > at && history.length === 120 && history.atIndex(119).t === main.at);
  assert.equal(history.atIndex(119).v, main.price);
  assert.equal(history.atIndex(118).t < main.at, true);
});
