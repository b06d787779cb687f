import { clearAway } from './clock.js';
import { LIST, event, model, modelRid, readModel, resourceSet, verify, verifyEqual } from './data.js';
import { answer } from './socket.js';

const COUNT = 10_000;

/** Gets the collection from a client; `loaded` is the time from the answer's delivery until `get` resolved. */
export async function load({ client, gateway }, { count = COUNT, foreign = false } = {}) {
  const got = client.get(LIST);
  const request = await gateway.request(`subscribe.${LIST}`);
  const frame = answer(request, resourceSet(count, { foreign }));
  clearAway();
  const from = performance.now();
  gateway.deliver(frame);
  const collection = await got;
  const loaded = performance.now() - from;
  return { collection, loaded, from };
}

/** T1: until the promise of `get` resolves. */
export function loading(options) {
  return async (session) => {
    const { collection, loaded } = await load(session, options);
    verifyEqual(collection.length, COUNT, 'the length of the collection');
    for (const index of [0, 1, 4711, COUNT - 1]) verifyModel(collection.atIndex(index), index, options?.foreign);
    return loaded;
  };
}

/** T2: until every member of every model has been read. */
export async function loadingAndReading(session) {
  const { collection, from } = await load(session);
  let sum = 0;
  for (const book of collection) sum += readModel(book);
  const time = performance.now() - from;
  let expected = 0;
  for (let index = 0; index < COUNT; index++) expected += readModel(model(index, false));
  verifyEqual(sum, expected, 'the sum over all members');
  return time;
}

/** T6: the gateway takes the subscription back, and with it everything leaves the cache. */
export function release({ read }) {
  return async (session) => {
    const { client, gateway } = session;
    const { collection } = await load(session);
    if (read) for (const book of collection) readModel(book);
    const frame = event(LIST, 'unsubscribe', { reason: { code: 'system.accessDenied', message: 'Access denied' } });
    clearAway();
    const from = performance.now();
    gateway.deliver(frame);
    const time = performance.now() - from;
    // What is not cached any more has to be asked for again.
    for (const rid of [LIST, modelRid(0), modelRid(COUNT - 1)]) {
      client.get(rid).catch(() => undefined);
      await gateway.request(`subscribe.${rid}`);
    }
    return time;
  };
}

export function verifyModel(found, index, foreign = false) {
  verify(found, `model ${index} is missing`);
  const expected = model(index, foreign);
  const keys = Object.keys(expected);
  verifyEqual(found.getResourceId(), modelRid(index), 'a resource id');
  verifyEqual(Object.keys(found.props).sort().join(), keys.sort().join(), 'the members of a model');
  for (const key of keys) {
    verifyEqual(found[key], expected[key], `member ${key} of model ${index}`);
    verifyEqual(found.props[key], expected[key], `props.${key} of model ${index}`);
  }
}
