import assert from 'node:assert/strict';

/**
 * Whether a client's state is that of the service, as far as the gateway is to keep it so. Throws an `AssertionError` if not; to
 * be called when the network is quiet.
 */
export function assertTrue(side, { atRest, left }) {
  const { gateway, client } = side;
  const resources = new Map(client.inspect().resources.map((resource) => [resource.rid, resource]));
  for (const [rid, { content, deleted }] of gateway.held) {
    const resource = resources.get(rid);
    assert.ok(resource && !resource.stale, `${rid} is not kept up to date`);
    assert.deepEqual(resource.kind, kindOf(content), `kind of ${rid}`);
    if (!deleted && !content.missing)
      assert.deepEqual(content, gateway.service.get(rid), `the gateway of this test is wrong about ${rid}`);
  }
  for (const { rid, stale, direct } of resources.values()) {
    assert.equal(direct, side.application.listeners(rid), `listeners of ${rid}`);
    if (!stale) assert.ok(gateway.held.has(rid), `${rid} is held for up to date`);
    if (!atRest || !stale || direct === 0) continue;
    assert.ok(gateway.service.refusal(rid) || gateway.refused.has(rid), `${rid} is stale although it could be had`);
  }
  for (const [rid, direct] of gateway.direct)
    assert.equal(resources.get(rid).subscribed, direct, `subscriptions of ${rid}`);
  if (left)
    assert.deepEqual([resources.size, gateway.direct.size, gateway.held.size], [0, 0, 0], 'something is left over');
}

/** Whether what a client lets one read is the state of the service. */
export function assertReads(side, values) {
  for (const [rid, { content }] of side.gateway.held) {
    const { members, items, self } = values[rid] ?? {};
    const expected = (value) => {
      if (typeof value !== 'object' || value === null) return value;
      if ('data' in value) return describeData(value.data);
      if (value.soft) return { soft: value.rid };
      const found = values[value.rid]?.self;
      assert.ok(found, `${value.rid}, which ${rid} refers to, cannot be read`);
      return found;
    };
    if (content.model) {
      const sorted = Object.keys(content.model).sort();
      assert.deepEqual(members, Object.fromEntries(sorted.map((key) => [key, expected(content.model[key])])), rid);
    } else if (content.collection) {
      assert.deepEqual(items, content.collection.map(expected), rid);
    } else {
      assert.equal(self?.code, 'system.notFound', rid);
    }
  }
}

const describeData = (data) => (typeof data === 'object' && data !== null ? { data } : data);
const kindOf = ({ model, collection }) => (model ? 'model' : collection ? 'collection' : 'error');
