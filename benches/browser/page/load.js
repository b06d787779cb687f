import { timed } from './clock.js';
import { LIST, event, model, modelRid, readModel, resourceSet, verify, verifyEqual } from './data.js';
import { answer } from './socket.js';

const COUNT = 10_000;

/** Asks for the collection; gives what brings the answer, and then the collection. */
async function ask({ client, gateway }, { count = COUNT, foreign = false } = {}) {
  const got = client.get(LIST);
  const request = await gateway.request(`subscribe.${LIST}`);
  const frame = answer(request, resourceSet(count, { foreign }));
  return () => {
    gateway.deliver(frame);
    return got;
  };
}

/** Gets the collection from a client. */
export const load = async (session, options) => (await ask(session, options))();

/** T1: until the promise of `get` resolves. */
export function loading(options) {
  return async (session) => {
    const arrive = await ask(session, options);
    let collection;
    const time = await timed(async () => {
      collection = await arrive();
    });
    verifyEqual(collection.length, COUNT, 'the length of the collection');
    for (const index of [0, 1, 4711, COUNT - 1]) verifyModel(collection.atIndex(index), index, options?.foreign);
    return time;
  };
}

/** T2: until every member of every model has been read. */
export async function loadingAndReading(session) {
  const arrive = await ask(session);
  let sum = 0;
  const time = await timed(async () => {
    for (const book of await arrive()) sum += readModel(book);
  });
  let expected = 0;
  for (let index = 0; index < COUNT; index++) expected += readModel(model(index, false));
  verifyEqual(sum, expected, 'the sum over all members');
  return time;
}

/** T6: the gateway takes the subscription back, and with it everything leaves the cache. */
export function release({ read }) {
  return async (session) => {
    const { client, gateway } = session;
    const collection = await load(session);
    if (read) for (const book of collection) readModel(book);
    const frame = event(LIST, 'unsubscribe', { reason: { code: 'system.accessDenied', message: 'Access denied' } });
    const time = await timed(() => gateway.deliver(frame));
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
