import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as theirs from 'resclient';
import * as ours from '../../pkg/index.js';
import { connected } from './support/client.mjs';

test('a program of Node that imports resclient as one object finds all of it', () => {
  const names = Object.keys(theirs.default);
  assert.deepEqual(names.sort(), ['ResCollection', 'ResModel', 'default', 'isResError']);
  for (const name of names) assert.equal(ours.default[name], ours[name], name);
  class Api extends ours.default.default {}
  assert.ok(new Api('ws://127.0.0.1:1') instanceof ours.ResClient);
});

test('the list of a collection is there by the name it has inside of resclient', async () => {
  const { client, gateway } = connected({ list: { collection: ['a', { rid: 'm' }] }, m: { model: { n: 1 } } });
  const list = await client.get('list');
  assert.equal(list._list.length, 2);
  assert.equal(list._list, list.list);
  list.on();
  gateway.event('list', 'add', { idx: 2, value: 'b' });
  assert.deepEqual(list._list.slice(2), ['b']);
  client.disconnect();
});
