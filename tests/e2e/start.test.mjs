import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { suite, test } from 'node:test';
import { root } from '../../scripts/lib/places.mjs';
import { until } from '../services/support/until.mjs';

suite('npm start', () => {
  test('serves the demo, and Ctrl-C ends everything it started', async () => {
    const port = await unusedPort();
    const command = npmStart(port);
    try {
      const address = `http://127.0.0.1:${port}/`;
      await command.says(address);
      const page = await fetch(address);
      assert.equal(page.status, 200);
      assert.match(await page.text(), /<title>/);
      // As a terminal does it: to all of the group at once.
      process.kill(-command.pid, 'SIGINT');
      assert.equal(await command.ended, 0);
      await assert.rejects(fetch(address));
      // What it started ends by the same signal, and may take a moment longer.
      await until(() => isGone(command.pid));
    } finally {
      command.kill();
    }
  });

  test('says in one line what to do about a port that is in use', async () => {
    const port = await unusedPort();
    const other = createServer().listen(port, '127.0.0.1');
    const command = npmStart(port);
    try {
      assert.equal(await command.ended, 1);
      const expected = `port ${port} is in use: end what uses it or choose another, as in PORT=${port + 1} npm start`;
      assert.deepEqual(command.lines(), [expected]);
    } finally {
      command.kill();
      other.close();
    }
  });

  test('says in one line what is wrong with a port that is none', async () => {
    const command = npmStart('eighty');
    assert.equal(await command.ended, 1);
    assert.deepEqual(command.lines(), ['PORT=eighty is no port: choose a number from 1 to 65535']);
  });

  test('says in one line what is missing, and how to get it', async () => {
    const port = await unusedPort();
    // Nothing but node is to be found, and there is no home with a cargo in it.
    const command = npmStart(port, { PATH: '/nowhere', HOME: '/nowhere' });
    try {
      assert.equal(await command.ended, 1);
      assert.deepEqual(command.lines(), ['cargo is missing: install Rust from https://rustup.rs and try again']);
    } finally {
      command.kill();
    }
  });
});

/** Whether there is no process of a group any more. */
function isGone(group) {
  try {
    return !process.kill(-group, 0);
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/** Starts what `npm start` starts, in a group of its own as from a terminal. */
function npmStart(port, env = {}) {
  const child = spawn(process.execPath, ['scripts/start.mjs'], {
    cwd: root,
    detached: true,
    env: { ...process.env, npm_lifecycle_event: undefined, PORT: String(port), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const heard = new Set();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      text += data;
      for (const listen of heard) listen();
    });
  }
  const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
  return {
    pid: child.pid,
    ended,
    lines: () => text.split('\n').filter((line) => line.trim()),
    says: (words) =>
      new Promise((resolve, reject) => {
        const listen = () => text.includes(words) && resolve();
        heard.add(listen);
        listen();
        void ended.then((code) => reject(new Error(`it ended with ${code}: ${text}`)));
      }),
    kill: () => child.exitCode === null && child.signalCode === null && process.kill(-child.pid, 'SIGKILL'),
  };
}

/** A port nobody listens on at the moment. */
async function unusedPort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
