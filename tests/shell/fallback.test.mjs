import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextTick, shallowRef } from 'vue';
import { useModel } from '../../pkg/vue.js';
import { connected } from './support/client.mjs';
import { is, until, used } from './support/composables.mjs';

const resources = () => ({
  counter: { model: { n: 1 } },
  second: { model: { n: 2 } },
  lost: { error: { code: 'test.lost', message: 'Lost' } },
});

test('what was given is shown for the resource that is followed first, and for no other', async () => {
  const { client } = connected(resources());
  const rid = shallowRef('counter');
  const { data, status, stop } = used(() => useModel(rid, { client, fallbackData: { n: 'given' } }));
  assert.deepEqual(data.value, { n: 'given' });
  for (const other of ['second', null, 'lost']) {
    rid.value = other;
    await nextTick();
    assert.equal(data.value, undefined, other);
  }
  await until(status, is('error'));
  assert.equal(data.value, undefined);
  stop();
  client.disconnect();
});

test('a function answers what is shown until a resource is there, for the ID of each', async () => {
  const { client } = connected(resources());
  const rid = shallowRef(null);
  const asked = [];
  const fallbackData = (rid) => (asked.push(rid), rid === 'lost' ? undefined : { n: rid });
  const { data, status, stop } = used(() => useModel(rid, { client, fallbackData }));
  assert.equal(data.value, undefined);
  rid.value = 'lost';
  await nextTick();
  assert.equal(data.value, undefined);
  rid.value = 'counter';
  await nextTick();
  assert.deepEqual(data.value, { n: 'counter' });
  await until(status, is('success'));
  assert.deepEqual([data.value, asked], [{ n: 1 }, ['lost', 'counter']]);
  stop();
  client.disconnect();
});
