import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { gateway } from './support/gateway.mjs';
import { node, project } from './support/project.mjs';

suite('the package in Node', () => {
  let folder, server;

  before(async () => {
    ({ folder } = await project('node', { fixture: 'node' }));
    server = await gateway({ resources: 'tests/pack/fixtures/resources.json' });
  });
  after(() => server?.stop());

  test('a program with a socket of its own reads, listens and calls', async () => {
    const seen = JSON.parse(await node(folder, ['fake-socket.mjs']));
    assert.deepEqual(seen, {
      unused: 0,
      afterConnect: 1,
      sentInOpen: ['version'],
      first: { message: 'Hello', tags: ['a'], same: true },
      change: { old: { message: 'Hello' }, now: 'Bye' },
      error: { known: true, code: 'system.notFound' },
      payload: 'Hello to you',
      sent: ['version', 'subscribe.example.model', 'subscribe.example.missing', 'call.example.model.greet'],
      sockets: 1,
    });
  });

  test('two clients of a real gateway see one change', async () => {
    const seen = JSON.parse(await node(folder, ['gateway.mjs', server.webSocket]));
    assert.deepEqual(seen, {
      length: 1,
      before: { message: 'from the file' },
      change: { old: { message: 'from the file' }, now: 'written by another' },
      error: 'system.notFound',
    });
  });

  test('the slim entry is loaded as the README says', async () => {
    const readme = await readFile(join(folder, 'node_modules/resclient-wasm/README.md'), 'utf8');
    const [, snippet] = /^In Node:\n\n```js\n(.*?)```$/ms.exec(readme);
    const program = await readFile(join(folder, 'slim.mjs'), 'utf8');
    assert.ok(program.startsWith(snippet), 'the program begins with what the README shows');
    const props = JSON.parse(await node(folder, ['slim.mjs', server.webSocket]));
    assert.deepEqual(props, { message: 'as it was', nothing: null, items: [1, 2, 3] });
  });
});
