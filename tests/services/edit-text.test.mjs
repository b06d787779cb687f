import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { javascript, rust, rustAlone } from './support/languages.mjs';
import { stage } from './support/stage.mjs';
import { until } from './support/until.mjs';

const on = stage();

const languages = {
  JavaScript: javascript('edit-text'),
  Rust: rust('text'),
  'Rust, without NATS': rustAlone('text'),
};

for (const [language, command] of Object.entries(languages)) {
  suite(`edit text in ${language}`, () => {
    test('what one client writes, over WebSocket or HTTP, all read', async () => {
      await on.service(command);
      const [one, other] = await Promise.all([on.client(), on.client()].map((client) => client.get('text.shared')));
      for (const text of [one, other]) text.on();
      await one.set({ message: 'By one' });
      await until(() => one.message === 'By one' && other.message === 'By one');
      assert.equal((await on.http('text/shared/set', { body: { message: 'By HTTP' } })).status, 204);
      await until(() => one.message === 'By HTTP' && other.message === 'By HTTP');
      assert.deepEqual((await on.http('text/shared')).body, { message: 'By HTTP' });
    });

    test('edits of two clients at once leave all with the same text, edit after edit in one order', async () => {
      await on.service(command);
      const clients = [on.client(), on.client(), on.client()];
      const texts = await Promise.all(clients.map((client) => client.get('text.shared')));
      const seen = texts.map(() => []);
      texts.forEach((text, at) => text.on('change', (old) => seen[at].push(old.message)));
      const edits = (who) => Array.from({ length: 50 }, (_, n) => texts[who].set({ message: `${who} ${n}` }));
      await Promise.all([...edits(0), ...edits(1)]);
      await until(() => seen.every((list) => list.length === 100));
      assert.deepEqual(seen[1], seen[0]);
      assert.deepEqual(seen[2], seen[0]);
      const { body } = await on.http('text/shared');
      assert.deepEqual(
        texts.map(({ message }) => message),
        [body.message, body.message, body.message],
      );
      // Every old value but the first is one that was set, each once.
      assert.equal(new Set([...seen[0], body.message]).size, 101);
    });

    test('what is no text, or too long, is refused and changes nothing', async () => {
      await on.service(command);
      const text = await on.client().get('text.shared');
      for (const message of [7, null, 'x'.repeat(1001)]) {
        await assert.rejects(text.set({ message }), { code: 'system.invalidParams' });
      }
      assert.equal((await on.http('text/shared/set', { body: {} })).status, 400);
      assert.deepEqual((await on.http('text/shared')).body, { message: 'Edit me!' });
    });
  });
}
