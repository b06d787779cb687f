import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { javascript, python, pythonPath, rust } from './support/languages.mjs';
import { stage } from './support/stage.mjs';
import { until } from './support/until.mjs';

const on = stage('--reqtimeout', '500');
const folder = mkdtempSync(join(tmpdir(), 'services-'));
const fixtures = join(import.meta.dirname, 'fixtures');
after(() => rmSync(folder, { recursive: true }));

// The services are the examples as they stand. What ends them is loaded beside them: SIGKILL, right after a file was written.
const languages = {
  JavaScript: {
    command: javascript('edit-text', join(folder, 'text.json')),
    deadly: { NODE_OPTIONS: `--import=${join(fixtures, 'kill-after-write.mjs')}` },
    rid: 'text.shared',
    member: 'message',
  },
  Python: {
    command: python('book-collection', join(folder, 'books.json')),
    deadly: pythonPath(join(fixtures, 'python')),
    rid: 'library.book.1',
    member: 'title',
  },
};

for (const [language, { command, deadly, rid, member }] of Object.entries(languages)) {
  suite(`a service in ${language} that is killed`, () => {
    test('between what it has stored and its event: after its restart all clients have what it stored', async () => {
      const service = await on.service(command);
      const [one, other] = await Promise.all([on.client(), on.client()].map((client) => client.get(rid)));
      const events = [];
      one.on('change', (old) => events.push(old));
      other.on();
      await one.set({ [member]: 'Before' });
      await until(() => events.length === 1 && other[member] === 'Before');
      await service.kill();
      await service.start(deadly);

      await assert.rejects(one.set({ [member]: 'Stored, not told' }), { code: 'system.timeout' });
      await service.ended();
      // Nobody can know of it yet, a new client neither.
      assert.deepEqual([one[member], other[member]], ['Before', 'Before']);

      await service.start();
      await until(() => one[member] === 'Stored, not told' && other[member] === 'Stored, not told');
      await until(() => events.length === 2);
      assert.deepEqual(events[1], { [member]: 'Before' });
      assert.equal((await on.client().get(rid))[member], 'Stored, not told');
      assert.equal((await on.http(rid.replaceAll('.', '/'))).body[member], 'Stored, not told');
    });

    test('while nobody changes anything: no client notices', async () => {
      const service = await on.service(command);
      const resource = await on.client().get(rid);
      const events = [];
      resource.on(null, (_data, _resource, _event, action) => events.push(action));
      await service.kill();
      await service.start();
      // What comes after the reset comes after its events.
      await resource.set({ [member]: `After, in ${language}` });
      await until(() => events.length > 0);
      assert.equal(resource[member], `After, in ${language}`);
      assert.deepEqual(events, ['change']);
    });
  });
}

const everywhere = {
  JavaScript: { command: javascript('edit-text'), rid: 'text.shared', member: 'message' },
  Python: { command: python('book-collection'), rid: 'library.book.1', member: 'title' },
  Rust: { command: rust('text'), rid: 'text.shared', member: 'message' },
};

for (const [language, { command, rid, member }] of Object.entries(everywhere)) {
  test(`NATS is lost and comes back: a service in ${language} is there again, and clients go on with what they had`, async () => {
    await on.service(command);
    const [one, other] = await Promise.all([on.client(), on.client()].map((client) => client.get(rid)));
    for (const resource of [one, other]) resource.on();
    await one.set({ [member]: 'Before' });
    await until(() => other[member] === 'Before');
    await on.nats.stop();
    await on.nats.start();
    await until(() => one.set({ [member]: 'After' }).then(() => true));
    await until(() => one[member] === 'After' && other[member] === 'After');
    assert.equal((await on.http(rid.replaceAll('.', '/'))).body[member], 'After');
  });
}
