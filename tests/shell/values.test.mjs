import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bench, MODEL, shell } from './support/tape.mjs';

/** A model `m` with number 0 whose member `v` changes to a value. */
async function changed(frame, value) {
  const bench = new Bench();
  bench.frame({ m: { v: 'old' } });
  bench.key(0, 'v');
  bench.op(1, 1).apply();
  bench.load(1, 0, MODEL, 'm', '{"v":"old"}');
  const model = bench.object(0);
  bench.frame(frame);
  bench.change(0, [0, value(bench)]).apply();
  return model.v;
}

test('values of every kind', async () => {
  const cases = [
    ['{"v":"new"}', (b) => b.value(5, 'new'), 'new'],
    ['{"v":"a\\nb"}', (b) => b.value(1, '"a\\nb"'), 'a\nb'],
    ['{"v":null}', (b) => b.value(7), null],
    ['{"v":true}', (b) => b.value(8), true],
    ['{"v":false}', (b) => b.value(9), false],
    ['{"v":{"data":[1,{"a":2}]}}', (b) => b.value(4, '[1,{"a":2}]'), [1, { a: 2 }]],
    ['{}', (b) => b.value(0), undefined],
  ];
  for (const [frame, value, expected] of cases) assert.deepEqual(await changed(frame, value), expected, frame);
});

test('numbers as JSON has them', async () => {
  for (const text of ['0', '7', '123456789', '1234567890', '-5', '-0', '0.5', '1e3', '12.5e-1', '9007199254740993']) {
    const value = await changed(`{"v":${text}}`, (bench) => bench.value(6, text));
    assert.ok(Object.is(value, JSON.parse(text)), text);
  }
});

test('long strings of large frames, and strings that are not ASCII', async () => {
  const long = 'é𝄞'.repeat(500);
  assert.equal(await changed(`{"v":"${long}"}`, (bench) => bench.value(5, long)), long);
});

test('a soft reference is a ResRef', async () => {
  const value = await changed('{"v":{"rid":"a.b","soft":true}}', (b) => b.value(3, '{"rid":"a.b","soft":true}'));
  assert.ok(value instanceof shell.ResRef);
  assert.deepEqual([value.rid, value.toJSON()], ['a.b', { rid: 'a.b' }]);
});

test('frames are copied as UTF-8, in parts that fit', () => {
  const { host, memory } = new Bench();
  const decoder = new TextDecoder();
  /** All parts, and how many there are. */
  const ingested = (data) => {
    const parts = [];
    let written = host.ingest(data, 8);
    for (;;) {
      const more = written < 0;
      const bytes = new Uint8Array(memory.buffer, 8, more ? -1 - written : written);
      parts.push(decoder.decode(bytes));
      assert.ok(parts.at(-1).length <= 0x8000 && host.left() > 0 === more);
      if (!more) break;
      written = host.ingest_more(8);
    }
    return [parts.join(''), parts.length];
  };
  // A large frame is copied in parts, none of which may end within a character.
  const large = [0, 1, 2].map((shift) => 'x'.repeat(0x7ffd + shift) + '𝄞€é'.repeat(9000));
  for (const text of ['', 'ascii', 'naïve', 'x'.repeat(500), '€'.repeat(300), '𝄞', '€'.repeat(0x8000)]) {
    assert.deepEqual(ingested(text), [text, 1]);
  }
  for (const text of large) assert.deepEqual(ingested(text), [text, 3]);
  // Half a character is none, wherever it stands.
  assert.deepEqual(ingested('x'.repeat(0x7fff) + '\ud834' + 'x'), ['x'.repeat(0x7fff) + '\ufffd' + 'x', 2]);
  for (const other of [new ArrayBuffer(4), undefined, null]) assert.deepEqual(ingested(other), ['', 1]);
});
