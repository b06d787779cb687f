import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withErrors } from './support/bus.mjs';
import { connected, exported } from './support/client.mjs';
import { random } from './support/random.mjs';

const RIDS = Array.from({ length: 8 }, (_, i) => `r.${i}`);
const isModel = (rid) => Number(rid.slice(2)) % 2 === 0;

/** Resources as a service would have them: every other one is a model, and a third of all values are references. */
function resources({ below, pick }) {
  const value = () => pick([{ rid: pick(RIDS) }, below(3), pick(['a', null, { data: [below(2)] }])]);
  const resource = (rid) => {
    const values = Array.from({ length: below(5) }, value);
    return isModel(rid) ? { model: Object.fromEntries(values.map((v) => [pick('abcd'), v])) } : { collection: values };
  };
  return RIDS.map((rid) => [rid, resource(rid)]);
}

/** Follows references from an object at random, and listens to some of what is found. */
function explore(object, { below, pick }) {
  for (let steps = below(5); steps > 0; steps--) {
    const items = object.props ? Object.values(object.props) : [object.atIndex(below(object.length || 1))];
    const next = items.filter((item) => typeof item?.getResourceId === 'function');
    if (next.length === 0) return;
    object = pick(next);
    if (below(4) === 0) object.on(null, () => undefined);
  }
}

function verify(object, gateway, rid, seen = new Set()) {
  if (seen.has(rid)) return;
  seen.add(rid);
  const same = (found, expected, at) => {
    if (expected?.rid) {
      assert.equal(found?.getResourceId?.(), expected.rid, `${rid} ${at}`);
      verify(found, gateway, expected.rid, seen);
    } else {
      assert.deepEqual(found, expected?.data ?? expected, `${rid} ${at}`);
    }
  };
  const { model, collection } = gateway.resources.get(rid);
  if (model) {
    assert.deepEqual(Object.keys(object.props).sort(), Object.keys(model).sort(), rid);
    for (const key of Object.keys(model)) same(object[key], model[key], key);
  } else {
    assert.equal(object.length, collection.length, rid);
    collection.forEach((item, idx) => same(object.atIndex(idx), item, idx));
  }
}

test('whatever changed while the connection was down is there after it, whatever was read before', async () => {
  for (let seed = 1; seed <= 150; seed++) {
    const numbers = random(seed);
    const { client, gateway } = connected(Object.fromEntries(resources(numbers)), { reconnectDelay: 1 });
    // A registered type reads its references at once, also of resources that are about to change.
    if (seed % 3 === 0) client.registerModelType('r.*', (api, rid) => new exported.ResModel(api, rid));
    const root = await client.get(RIDS[seed % 2]);
    root.on(null, () => undefined);
    const errors = await withErrors(async () => {
      for (let round = 0; round < 4; round++) {
        explore(root, numbers);
        const back = new Promise((resolve) => client.on('connect', resolve));
        gateway.socket.lose();
        for (const [rid, resource] of resources(numbers)) if (numbers.below(2)) gateway.resources.set(rid, resource);
        await back;
        // Answered after all that was asked for before.
        await client.call('any', 'thing');
      }
      verify(root, gateway, RIDS[seed % 2]);
    });
    assert.deepEqual(errors, [], `seed ${seed}`);
    const { malformed, misfits, resets } = client.inspect().counters;
    assert.deepEqual({ malformed, misfits, resets }, { malformed: 0, misfits: 0, resets: 0 }, `seed ${seed}`);
    client.disconnect();
  }
});

test('a model with a definition is told only what changed while the connection was down', async () => {
  const model = { n: 1, d: { data: { k: 1 } }, s: { rid: 'x', soft: true } };
  const { client, gateway, delivered } = connected({ m: { model } });
  const definition = { n: 'number', d: 'object', s: 'object' };
  client.registerModelType('m', (api, rid) => new exported.ResModel(api, rid, { definition }));
  const found = await client.get('m');
  const changes = [];
  found.on('change', (old) => changes.push(old));
  const { d } = found;
  gateway.resources.set('m', { model: { ...model, n: 2 } });
  const back = new Promise((resolve) => client.on('connect', resolve));
  gateway.socket.lose();
  await back;
  await client.call('any', 'thing');
  await delivered();
  assert.deepEqual(changes, [{ n: 1 }]);
  assert.equal(found.n, 2);
  assert.equal(found.d, d);
});

test('an object of the application is never the same as data or another object that looks like it', async () => {
  const plain = () => {
    const hide = (value) => ({ value, enumerable: false });
    return Object.defineProperties({}, { __init: hide(() => {}), __update: hide(() => null) });
  };
  for (const definition of [null, { a: 'object' }]) {
    const { client, gateway, delivered } = connected({ m: { model: { a: { data: {} } } } });
    client.registerModelType('special.*', plain);
    if (definition) client.registerModelType('m', (api, rid) => new exported.ResModel(api, rid, { definition }));
    const found = await client.get('m');
    const changes = [];
    found.on('change', (old) => changes.push(old.a));
    const seen = [found.a];
    for (const rid of ['special.1', 'special.2']) {
      gateway.event('m', 'change', { values: { a: { rid } }, models: { [rid]: { n: 1 } } });
      seen.push(found.a);
    }
    gateway.event('m', 'change', { values: { a: { data: {} } } });
    seen.push(found.a);
    await delivered();
    assert.equal(new Set(seen).size, 4);
    assert.deepEqual(
      changes.map((old) => seen.indexOf(old)),
      [0, 1, 2],
    );
  }
});
