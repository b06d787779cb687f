import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/lib/places.mjs';
import { withErrors } from './support/bus.mjs';
import { connected, exported, next, recorded } from './support/client.mjs';

const fixture = (name) => readFileSync(join(root, 'tests/fixtures/bad-frames', name), 'utf8');
const WORLD = fixture('world.json');
const cases = fixture('frames.jsonl')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));

const [MODEL, COLLECTION, OTHER, UNUSED] = ['a', 'g.h.i', 'q?x=1.2&y=ö', '__proto__'];
const ITEM = 'text " 2';

/** What is asked for so that a frame of this kind is the answer, and the method of that request. */
const REQUESTS = {
  version: ['version', ({ gateway }) => gateway.socket.lose()],
  subscribe: [`subscribe.${OTHER}`, ({ client }) => client.get(OTHER)],
  unsubscribe: [`unsubscribe.${UNUSED}`, ({ client }) => client.get(UNUSED).then(() => undefined)],
  call: ['call.some.method', ({ client }) => client.call('some', 'method')],
  auth: ['auth.some.method', ({ client }) => client.authenticate('some', 'method')],
  get: [`get.${OTHER}`, ({ client }) => client.fetch(OTHER)],
};

/** The frame, with `$id` for the number of the request, and `$result` or `$data` for what the true frame says. */
const textOf = ({ text }) =>
  typeof text === 'string'
    ? text
    : text.map((piece) => (typeof piece === 'string' ? piece : piece[0].repeat(piece[1]))).join('');

/** Answers a request with a bad frame, and gives how what was asked for ends. */
async function answer(session, { frame, besides, ...others }) {
  const { gateway } = session;
  const [method, ask] = REQUESTS[frame];
  gateway.answers.set(method, null);
  const sent = gateway.request(method);
  const end = Promise.resolve(ask(session)).then(
    (value) => (isResource(value) ? 'resource' : 'value'),
    (error) => error.code?.toWellFormed() ?? error,
  );
  const { id } = await sent;
  const text = textOf(others).replaceAll('$id', id);
  const { socket } = gateway;
  let truth;
  // Whatever it hears of it, a client that gives something back has given it back.
  if (besides || text.includes('$result') || frame === 'unsubscribe') {
    truth = gateway.usual(socket, frame === 'call' ? `subscribe.${OTHER}` : method);
    if (frame === 'call') truth.result = { rid: OTHER, ...truth.result };
  }
  gateway.answers.delete(method);
  socket.deliver(text.replace('$result', () => JSON.stringify(truth.result)));
  if (besides) socket.deliver({ id, ...truth });
  return end;
}

/** Tells a bad frame in the place of an event. */
function tell({ gateway }, { frame, besides, ...others }) {
  const event = frame.split(' ', 1)[0];
  const text = textOf(others);
  const usual = event === 'add' || event === 'remove' ? COLLECTION : MODEL;
  const named = text.slice(text.lastIndexOf('"event":"') + 9).split(`.${event}"`, 1)[0];
  const rid = gateway.resources.has(named) ? named : usual;
  const data = besides ? undefined : happen(gateway, rid, event);
  gateway.socket.deliver(text.replace('$data', () => JSON.stringify(data)));
}

/** Something changes at the service; the result is what an event would have said of it. */
function happen(gateway, rid, event) {
  const { model, collection } = gateway.resources.get(rid);
  if (event === 'unsubscribe') gateway.socket.direct.delete(rid);
  if (['custom', 'delete', 'unsubscribe'].includes(event)) return null;
  if (model) {
    model.x = 2;
    return { values: { x: 2 } };
  }
  if (collection && event === 'remove') {
    collection.shift();
    return { idx: 0 };
  }
  collection?.unshift(ITEM);
  return { idx: 0, value: ITEM };
}

const KINDS = [exported.ResModel, exported.ResCollection, exported.ResError];
const isResource = (value) => KINDS.some((kind) => value instanceof kind);

/** A resource as the gateway has it, with what it refers to. */
function plain(gateway, rid) {
  const { model, collection, error } = gateway.resources.get(rid);
  const value = (value) => {
    if (typeof value !== 'object' || value === null) return value;
    if ('data' in value) return value.data;
    return value.soft ? { rid: value.rid } : plain(gateway, value.rid);
  };
  if (error) return error;
  if (collection) return collection.map(value);
  return Object.fromEntries(Object.entries(model).map(([name, member]) => [name, value(member)]));
}

const asJson = (value) =>
  JSON.stringify(value, (_, value) =>
    value instanceof exported.ResError ? { code: value.code, message: value.message } : value,
  );

const counted = (client) => {
  const counters = Object.entries(client.inspect().counters);
  return Object.fromEntries(counters.filter(([name, count]) => name !== 'frames' && count > 0));
};

/** Waits until a client has nothing left to do and `isRight`, or for so long that it never will be. */
async function quiet(client, isRight) {
  const end = performance.now() + 5_000;
  const isQuiet = () => client.inspect().state === 'connected' && client.inspect().resources.every((r) => !r.stale);
  while (!(isQuiet() && isRight()) && performance.now() < end) await new Promise((resolve) => setImmediate(resolve));
}

async function play(one) {
  const session = connected(JSON.parse(WORLD));
  const { client, gateway } = session;
  try {
    const [model, collection] = [await client.get(MODEL), await client.get(COLLECTION)];
    model.on('change', () => undefined);
    collection.on('add', () => undefined);
    const outcome = await (one.frame.endsWith(' event') ? tell(session, one) : answer(session, one));
    const values = () => asJson([model, collection]);
    const truth = () => asJson([plain(gateway, MODEL), plain(gateway, COLLECTION)]);
    await quiet(client, () => values() === truth());
    assert.equal(values(), truth());
    assert.deepEqual(counted(client), one.counters);
    if (one.settled) assert.equal(outcome, one.fetched ?? one.settled);
  } finally {
    client.disconnect();
  }
}

for (const frame of new Set(cases.map((one) => one.frame))) {
  const what = frame.endsWith('event') ? `in the place of a ${frame}` : `in answer to a request ${frame}`;
  test(`a bad frame ${what} has a defined result, and nothing is lost by it`, async () => {
    const played = cases.filter((one) => one.frame === frame);
    const failures = [];
    const errors = await withErrors(() =>
      Promise.all(played.map((one) => play(one).catch((error) => failures.push(`${one.damage}: ${error.message}`)))),
    );
    assert.deepEqual(failures, []);
    assert.deepEqual(errors, []);
  });
}

test('a reader sees numbers beyond 2^53 rounded, and half characters kept, as JSON.parse has them', async () => {
  const { client, gateway, delivered } = connected({ m: { model: { n: 1 } }, list: { collection: [] } });
  const [model, list] = [await client.get('m'), await client.get('list')];
  const told = recorded(model, 'custom');
  list.on('add', () => undefined);
  const texts = ['9007199254740993', '18446744073709551616', '-9007199254740993', '1e999', '-1e999', '-0', '1e-400'];
  texts.push('"\\ud800"', '"\\udc00x\\ud83d"', '"\\ud83d\\ude00"', '{"data":{"\\ud800":[9007199254740993,"\\udfff"]}}');
  for (const [idx, text] of texts.entries()) {
    const written = JSON.parse(text);
    const value = written.data ?? written;
    gateway.socket.deliver(`{"event":"m.change","data":{"values":{"n":${text},"\\udfff${idx}":${text}}}}`);
    assert.deepEqual([model.n, model.props[`\udfff${idx}`]], [value, value], text);
    gateway.socket.deliver(`{"event":"list.add","data":{"idx":${idx},"value":${text}}}`);
    assert.deepEqual(list.atIndex(idx), value, text);
    gateway.socket.deliver(`{"event":"m.custom","data":${text}}`);
  }
  gateway.answers.set('call.m.x', null);
  const payload = client.call('m', 'x');
  const { id } = await gateway.request('call.m.x');
  gateway.socket.deliver(`{"id":${id},"result":{"payload":[${texts}]}}`);
  const read = JSON.parse(`[${texts}]`);
  assert.deepEqual(await payload, read);
  await delivered();
  assert.deepEqual(
    told,
    read.map((value) => ['custom', value]),
  );
  assert.deepEqual(counted(client), {});
  client.disconnect();
});

test('numbers that differ only beyond 2^53 are one to a reader, who hears of no change between them', async () => {
  const { client, gateway, delivered } = connected({ m: { model: { n: 1 } } });
  const model = await client.get('m');
  const told = recorded(model, 'change');
  for (const text of ['9007199254740992', '9007199254740993', '9007199254740994']) {
    gateway.socket.deliver(`{"event":"m.change","data":{"values":{"n":${text}}}}`);
  }
  assert.equal(model.n, 9007199254740994);
  await delivered();
  assert.deepEqual(told, [
    ['change', { n: 1 }],
    ['change', { n: 2 ** 53 }],
  ]);
  client.disconnect();
});

test('a frame of more than 16 Mi characters is none, whatever is in it, and resets the connection', async () => {
  const { client, gateway } = connected({ a: { model: { n: 1 } } });
  const model = (await client.get('a')).on();
  const frame = (length) => {
    const text = JSON.stringify({ event: 'a.change', data: { values: { n: 2 } } });
    return text + ' '.repeat(length - text.length);
  };
  gateway.socket.deliver(frame(2 ** 24));
  assert.equal(model.n, 2);
  gateway.resources.set('a', { model: { n: 3 } });
  gateway.socket.deliver(frame(2 ** 24 + 1));
  assert.equal(client.inspect().counters.malformed, 1);
  while (client.state.state !== 'connected') await next(client, 'state');
  assert.deepEqual([model.n, gateway.sockets.length], [3, 2]);
  client.disconnect();
});
