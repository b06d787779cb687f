import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { gateway as built } from '../../scripts/lib/places.mjs';
import { launch } from '../pack/support/browser.mjs';
import { Gateway } from './support/gateway.mjs';
import { until } from './support/until.mjs';

// Compressed messages, to clients that are not ours.

const folder = mkdtempSync(join(tmpdir(), 'compression-'));
const file = join(folder, 'resources.json');
const items = Array.from({ length: 300 }, (_, i) => [
  `list.${i}`,
  { id: i, name: `Item ${(i * 7919) % 1000} of many` },
]);
const list = items.map(([rid]) => ({ rid }));
writeFileSync(file, JSON.stringify({ list, ...Object.fromEntries(items) }));

const binary = process.env.RES_GATEWAY || built;
const gateway = new Gateway((port) => [binary, ['--resources', file, '--wscompression', '--port', port]]);
const AGREED = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';

const long = 'What is there twice is written once, Ä 😀. '.repeat(200);
/** Played in order; each request leads to as many messages. */
const CONVERSATION = [
  [{ id: 1, method: 'version', params: { protocol: '1.2.3' } }, 1],
  [{ id: 2, method: 'subscribe.list' }, 1],
  [{ id: 3, method: 'call.list.1.set', params: { name: 'Ä 😀' } }, 2],
  [{ id: 4, method: 'call.list.2.set', params: { name: long } }, 2],
  [{ id: 5, method: 'call.list.2.set', params: { name: items[2][1].name } }, 2],
  [{ id: 6, method: 'call.list.1.set', params: { name: items[1][1].name } }, 2],
  [{ id: 7, method: 'get.nothing.there' }, 1],
  [{ id: 8, method: 'unsubscribe.list' }, 1],
];

before(() => gateway.start());
after(async () => {
  await gateway.stop();
  rmSync(folder, { recursive: true });
});

test('a client in Node that compresses holds the same conversation, with fewer bytes', async () => {
  const [plain, compressed] = [await converse(false), await converse({ threshold: 0 })];
  assert.deepEqual([plain.agreed, compressed.agreed], [undefined, AGREED]);
  assert.deepEqual(compressed.messages, plain.messages);
  assert.ok(compressed.bytes * 4 < plain.bytes, `${compressed.bytes} of ${plain.bytes}`);
});

test('a client that asks for a small window gets what it can read', async () => {
  const plain = await converse(false);
  const small = await converse({ threshold: 0, serverMaxWindowBits: 9, clientMaxWindowBits: 9 });
  assert.equal(small.agreed, `${AGREED}; server_max_window_bits=9`);
  assert.deepEqual(small.messages, plain.messages);
});

test('Chromium holds the same conversation with compression', async () => {
  const plain = await converse(false);
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(`${gateway.address}api/list/1`);
    const { extensions, messages } = await page.evaluate(inPage, [gateway.webSocket, CONVERSATION]);
    assert.equal(extensions, AGREED);
    assert.deepEqual(messages, plain.messages);
  } finally {
    await browser.close();
  }
});

async function converse(perMessageDeflate) {
  const socket = new WebSocket(gateway.webSocket, { perMessageDeflate });
  const messages = [];
  let agreed;
  socket.on('upgrade', ({ headers }) => (agreed = headers['sec-websocket-extensions']));
  socket.on('message', (data) => messages.push(String(data)));
  await once(socket, 'open');
  for (const [request, count] of CONVERSATION) {
    const expected = messages.length + count;
    socket.send(JSON.stringify(request));
    await until(() => messages.length >= expected);
  }
  const bytes = socket._socket.bytesRead;
  socket.close();
  return { agreed, messages, bytes };
}

/** The same in a page, where nothing of this file is. */
async function inPage([url, conversation]) {
  const socket = new WebSocket(url);
  const messages = [];
  let heard = () => {};
  const closed = new Promise(
    (_resolve, reject) => (socket.onclose = ({ code }) => reject(new Error(`closed: ${code}`))),
  );
  socket.onmessage = ({ data }) => heard(messages.push(data));
  await Promise.race([new Promise((resolve) => (socket.onopen = resolve)), closed]);
  for (const [request, count] of conversation) {
    const expected = messages.length + count;
    const all = new Promise((resolve) => (heard = () => messages.length >= expected && resolve()));
    socket.send(JSON.stringify(request));
    await Promise.race([all, closed]);
  }
  return { extensions: socket.extensions, messages };
}
