import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { WebSocketServer } from 'ws';
import { typeErrors } from './support/adapters.mjs';
import { gateway } from './support/gateway.mjs';
import { project } from './support/project.mjs';

suite('the command that writes types', () => {
  let folder, installed, script, server, expected;

  before(async () => {
    ({ folder, installed } = await project('types-command', { fixture: 'types-command' }));
    const { bin } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
    script = join(installed, bin['resclient-wasm']);
    expected = await readFile(join(folder, 'expected.txt'), 'utf8');
    server = await gateway({ resources: 'tests/pack/fixtures/types-command/resources.json' });
  });
  after(() => server?.stop());

  /** Runs it as a user does, and gives what it writes and its exit code. */
  const types = (...args) => run([script, 'types', ...args], folder);

  test('it writes the types of a file of resources', async () => {
    assert.deepEqual(await types('resources.json'), { code: 0, stdout: expected, stderr: '' });
  });

  test('it writes the same of a gateway that serves the file, following references', async () => {
    const resources = JSON.parse(await readFile(join(folder, 'resources.json'), 'utf8'));
    // What others refer to is not named.
    const named = Object.keys(resources).filter((rid) => !['shop.item.2', 'shop.offer', 'shop.empty'].includes(rid));
    const said = await types(server.webSocket, ...named.reverse());
    assert.deepEqual(said, { code: 0, stdout: expected, stderr: '' });
  });

  test('what it writes compiles, and types a client', async () => {
    const { code, stderr } = await types('resources.json', '-o', 'api.ts');
    assert.equal(code, 0);
    assert.equal(stderr, 'api.ts has the types of 12 resources\n');
    assert.deepEqual(await typeErrors(folder, 'use.ts', '--noUnusedLocals'), []);
  });

  test('what it writes is as Prettier formats it', async () => {
    const prettier = await import('prettier');
    assert.equal(await prettier.format(expected, { parser: 'typescript', singleQuote: true }), expected);
  });

  test('of a file it takes the resources named and those they refer to', async () => {
    const { code, stdout } = await types('resources.json', 'shop.loop');
    assert.equal(code, 0);
    assert.match(stdout, /'shop.empty': Model<Empty>;\n {2}'shop.loop': Collection<Collection \| Model<Empty>>;\n}/);
  });

  test('of collections that all refer to each other, and of what is nested deep, it writes as far as a reader follows', async () => {
    const rids = Array.from({ length: 12 }, (_, i) => `list${'abcdefghijkl'[i]}`);
    const lists = rids.map((rid) => `"${rid}":${JSON.stringify(rids.map((rid) => ({ rid })))}`);
    const deep = `"deep":{"value":{"data":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`;
    await writeFile(join(folder, 'knot.json'), `{${[...lists, deep].join(',')}}`);
    const { code, stdout, stderr } = await types('knot.json');
    assert.deepEqual([code, stderr], [0, '']);
    assert.ok(stdout.length < 50_000, `${stdout.length} characters`);
    assert.match(stdout, /value: unknown(\[\])+;/);
    await writeFile(join(folder, 'knot.ts'), stdout);
    assert.deepEqual(await typeErrors(folder, 'knot.ts'), []);
  });

  test('whoever reads no further than the first lines is left without a complaint', async () => {
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`m${i}`, { [`a${i}`]: 1 }]));
    await writeFile(join(folder, 'many.json'), JSON.stringify(many));
    const child = spawn(process.execPath, [script, 'types', 'many.json'], { cwd: folder });
    child.stdout.once('data', () => child.stdout.destroy());
    const { code, stderr } = await result(child);
    assert.deepEqual([code, stderr], [0, '']);
  });

  test('however many interfaces would have one name, each has one of its own in time', async () => {
    const count = 50_000;
    const name = (i) => [...i.toString(4)].map((digit) => '-+!?'[digit]).join('');
    const members = Array.from({ length: count }, (_, i) => [name(i), { data: { i } }]);
    await writeFile(join(folder, 'alike.json'), JSON.stringify({ m: Object.fromEntries(members) }));
    // Counting from the first every time would take minutes.
    const child = spawn(process.execPath, [script, 'types', 'alike.json'], { cwd: folder, timeout: 20_000 });
    const { code, stdout } = await result(child);
    assert.equal(code, 0);
    const interfaces = [...stdout.matchAll(/^export interface MData(\d*) /gm)].map(([, number]) => Number(number));
    assert.deepEqual([new Set(interfaces).size, Math.max(...interfaces)], [count, count]);
  });

  test('names in any script make interfaces that compile, formatted as Prettier does', async () => {
    const { format } = await import('prettier');
    const names = ['名前', 'été', 'नमस्ते', 'ℵ1', 'a·b', '𝒳', '1st', '_'];
    // The vertical tilde is a letter to Unicode, and to Prettier, that no identifier may have.
    for (const tildes of [[], ['\u2e2f', 'a\u2e2fb']]) {
      const all = [...names, ...tildes];
      const model = Object.fromEntries(all.map((name) => [name, { data: { [name]: 1 } }]));
      await writeFile(
        join(folder, 'scripts.json'),
        JSON.stringify(Object.fromEntries(all.map((name) => [name, model]))),
      );
      const { code, stdout, stderr } = await types('scripts.json');
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(stdout, /^ {2}名前: 名前名前;$/m);
      await writeFile(join(folder, 'scripts.ts'), stdout);
      assert.deepEqual(await typeErrors(folder, 'scripts.ts'), []);
      if (tildes.length === 0) assert.equal(await format(stdout, { parser: 'typescript', singleQuote: true }), stdout);
    }
  });

  test('a file that begins with a byte order mark is read', async () => {
    const text = await readFile(join(folder, 'resources.json'), 'utf8');
    await writeFile(join(folder, 'marked.json'), `\ufeff${text}`);
    assert.deepEqual(await types('marked.json'), { code: 0, stdout: expected, stderr: '' });
  });

  test('a resource that is not there does not keep the others from being written', async () => {
    for (const [source, why] of [
      [server.webSocket, /^shop\.absent: system\.notFound, .+\n$/],
      ['resources.json', /^shop\.absent is not in resources\.json\n$/],
    ]) {
      const { code, stdout, stderr } = await types(source, 'shop.absent', 'shop.offer');
      assert.equal(code, 1);
      assert.match(stderr, why);
      assert.match(stdout, /'shop\.offer': Model<Offer>;/);
      const none = await types(source, 'shop.absent');
      assert.deepEqual([none.code, none.stdout], [1, '']);
    }
  });

  test('a resource that is not allowed does not keep the others from being written', async () => {
    const denied = { code: 'system.accessDenied', message: 'Access\u001b[31m denied' };
    const open = {
      models: { 'vault.door': { open: true, secret: { rid: 'vault.secret' } } },
      errors: { 'vault.secret': denied },
    };
    const other = await guarded((rid) => (rid === 'vault.door' ? { result: open } : { error: denied }));
    try {
      const { code, stdout, stderr } = await types(other.url, 'vault.gold', 'vault.door');
      assert.equal(code, 1);
      assert.deepEqual(stderr.split('\n'), [
        'vault.gold: system.accessDenied, Access [31m denied',
        'vault.secret, to which vault.door refers: system.accessDenied, Access [31m denied',
        '',
      ]);
      assert.match(stdout, /secret: Resource;/);
      // That of which nobody asked for more than the type of what refers to it is no failure.
      assert.equal((await types(other.url, 'vault.door')).code, 0);
    } finally {
      await other.stop();
    }
  });

  test('a gateway that is not there is said', async () => {
    for (const url of ['ws://127.0.0.1:1', 'ws://gateway.invalid']) {
      const { code, stdout, stderr } = await types(url, 'shop.cart');
      assert.deepEqual([code, stdout], [1, '']);
      assert.ok(stderr.startsWith(`Cannot connect to ${url}: `), stderr);
    }
  });

  test('a file that cannot be read or written is said', async () => {
    await writeFile(join(folder, 'broken.json'), '{');
    await writeFile(join(folder, 'list.json'), '[]');
    await writeFile(join(folder, 'number.json'), '{ "a.b": 1 }');
    for (const [args, why] of [
      [['absent.json'], /^Cannot read absent\.json: ENOENT/],
      [['localhost:8080'], /begins with ws:\/\/ or wss:\/\//],
      [['broken.json'], /^Cannot read broken\.json: /],
      [['list.json'], /^list\.json has to be one JSON object/],
      [['number.json'], /^number\.json: a\.b has to be an object \(a model\) or an array \(a collection\)/],
      [['resources.json', '-o', 'absent/api.ts'], /^Cannot write absent\/api\.ts: ENOENT/],
    ]) {
      const { code, stdout, stderr } = await types(...args);
      assert.deepEqual([code, stdout], [1, ''], stderr);
      assert.match(stderr, why);
    }
  });

  test('wrong arguments are said, and help is given', async () => {
    for (const [args, why] of [
      [['types', server.webSocket], /^Which resources\?/],
      [['types'], /^Where are the resources\?/],
      [['types', 'ws://:', 'a.b'], /^ws:\/\/: is no URL/],
      [['types', '--colour'], /^Unknown option '--colour'/],
      [['typos'], /^There is no command typos/],
      [[], /^What is to be done\?/],
    ]) {
      const { code, stdout, stderr } = await run([script, ...args], folder);
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr, why);
      assert.match(stderr, /see resclient-wasm --help\n$/);
    }
    const { code, stdout, stderr } = await types('--help');
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^Usage: resclient-wasm types /);
  });

  test('it is a command of projects that install the package', { skip: process.platform === 'win32' }, async () => {
    const child = spawn(join(folder, 'node_modules/.bin/resclient-wasm'), ['types', 'resources.json'], { cwd: folder });
    assert.deepEqual(await result(child), { code: 0, stdout: expected, stderr: '' });
  });

  test('it uses the WebSocket that Node has', async () => {
    const flags = globalThis.WebSocket ? [] : ['--experimental-websocket'];
    await withoutWs(async (place) => {
      const { code, stdout } = await run([...flags, place, 'types', server.webSocket, 'shop.offer'], tmpdir());
      assert.equal(code, 0);
      assert.match(stdout, /'shop\.offer': Model<Offer>;/);
    });
  });

  test('where there is neither that nor ws, it says what to install', async () => {
    const flags = globalThis.WebSocket ? ['--no-experimental-websocket'] : [];
    await withoutWs(async (place) => {
      const { code, stderr } = await run([...flags, place, 'types', server.webSocket, 'shop.cart'], tmpdir());
      assert.equal(code, 1);
      assert.match(stderr, /^Node \S+ has no WebSocket: use Node 22 or newer, or npm install ws here\n$/);
      // The one of the project the command is called in will do.
      assert.equal((await run([...flags, place, 'types', server.webSocket, 'shop.cart'], folder)).code, 0);
    });
  });

  /** Hands out the command in a copy of the package, at a place from where no ws is found. */
  async function withoutWs(use) {
    const place = await mkdtemp(join(tmpdir(), 'resclient-wasm-'));
    try {
      await cp(installed, place, { recursive: true });
      await use(join(place, 'bin/resclient-wasm.js'));
    } finally {
      await rm(place, { recursive: true });
    }
  }
});

/** A gateway that denies, which the one of this project does with services only: it answers subscriptions as told. */
async function guarded(answer) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const { id, method } = JSON.parse(data);
      const [action, ...name] = method.split('.');
      const reply = action === 'version' ? { result: { protocol: '1.2.3' } } : answer(name.join('.'));
      socket.send(JSON.stringify({ id, ...reply }));
    });
  });
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${server.address().port}`,
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

const run = (args, cwd) => result(spawn(process.execPath, args, { cwd }));

async function result(child) {
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => (said[name] += text));
  const [code] = await once(child, 'close');
  return { code, ...said };
}
