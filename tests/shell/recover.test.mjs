import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connected, exported, recorded } from './support/client.mjs';

const { isResError } = exported;

test('what is referred to and cannot be had is an error in its place, and the model once it loads', async () => {
  const { client, gateway, delivered } = connected({
    list: { collection: [{ rid: 'late' }] },
    late: { error: { code: 'system.notFound', message: 'Not found' } },
  });
  const list = (await client.get('list')).on();
  const edits = recorded(list, 'add remove');
  const error = list.atIndex(0);
  assert.deepEqual([isResError(error), error.code], [true, 'system.notFound']);
  await gateway.request('subscribe.late');
  gateway.resources.set('late', { model: { n: 1 } });
  await gateway.request('subscribe.late');
  while (isResError(list.atIndex(0))) await new Promise((resolve) => setTimeout(resolve));
  await delivered();
  assert.equal(list.atIndex(0).n, 1);
  assert.equal(list.atIndex(0), await client.get('late'));
  assert.equal(list.toArray()[0], list.list[0]);
  assert.deepEqual(
    edits.map(([event, { idx }]) => [event, idx]),
    [
      ['remove', 0],
      ['add', 0],
    ],
  );
  client.disconnect();
});
