import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { random } from './support/random.mjs';

const { TypeList } = await import('../../pkg/index.js');
const Theirs = createRequire(import.meta.url)('resclient/lib/class/TypeList.js').default;

test('text goes before *, and * before >, with a way back', () => {
  const types = new TypeList();
  for (const pattern of ['a.>', 'a.*.c', 'a.b.d', 'a.*.*', '>']) types.addFactory(pattern, pattern);
  const found = ['a.b.d', 'a.b.c', 'a.b.x', 'a.b.c.d', 'a.b', 'a', 'z.y'].map((rid) => types.getFactory(rid));
  assert.deepEqual(found, ['a.b.d', 'a.*.c', 'a.*.*', 'a.>', 'a.>', '>', '>']);
});

test('what no pattern matches is for the default factory, if there is one', () => {
  const types = new TypeList('default');
  assert.equal(types.getFactory('a'), 'default');
  types.addFactory('b', 'b');
  assert.deepEqual(
    ['a', 'b'].map((rid) => types.getFactory(rid)),
    ['default', 'b'],
  );
  assert.equal(new TypeList().getFactory('a'), undefined);
});

test('the query of a resource ID is not part of its name', () => {
  const types = new TypeList();
  types.addFactory('a.b', 1);
  assert.equal(types.getFactory('a.b?c=d.e'), 1);
});

test('patterns that are invalid or taken are refused', () => {
  const types = new TypeList();
  types.addFactory('a.*', 1);
  for (const pattern of ['', 'a..b', '.a', 'a.', '>.a', 'a.>.b']) {
    assert.throws(() => types.addFactory(pattern, 1), /Invalid pattern/, pattern);
  }
  assert.throws(() => types.addFactory('a.*', 2), /Pattern already registered/);
  assert.equal(types.removeFactory('a.*'), 1);
  assert.equal(types.removeFactory('a.*'), undefined);
  assert.equal(types.getFactory('a.b'), undefined);
});

test('parts named like members of Object are parts like others', () => {
  const types = new TypeList();
  types.addFactory('foo.a', 1);
  types.addFactory('foo.__proto__', 2);
  assert.equal(types.getFactory('foo.constructor'), undefined);
  assert.equal(types.getFactory('foo.__proto__'), 2);
  assert.equal({}.factory, undefined);
});

test('finds what resclient finds, for random patterns', () => {
  const { below, pick } = random(7);
  const name = (parts) => Array.from({ length: 1 + below(4) }, () => pick(parts)).join('.');
  for (let round = 0; round < 300; round++) {
    const ours = new TypeList();
    const theirs = new Theirs('none');
    for (let n = 0; n < 6; n++) {
      const pattern = name(['aa', 'bb', 'c', '*', '>']);
      const outcome = [() => ours.addFactory(pattern, pattern), () => theirs.addFactory(pattern, pattern)].map(attempt);
      assert.equal(outcome[0], outcome[1], pattern);
    }
    for (let n = 0; n < 20; n++) {
      const rid = name(['aa', 'bb', 'c', 'dd']);
      assert.equal(ours.getFactory(rid) ?? 'none', theirs.getFactory(rid), rid);
    }
  }
});

function attempt(run) {
  try {
    run();
    return 'done';
  } catch (error) {
    return error.message;
  }
}
