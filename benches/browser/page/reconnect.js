import { nextTask, settled, timed } from './clock.js';
import { LIST, modelRid, numbers, resourceSet, verifyEqual } from './data.js';
import { load } from './load.js';
import { answer } from './socket.js';

/**
 * T5: the connection was lost, and what the gateway sends after it is back differs: of every hundred references one has
 * moved, of every hundred models one has changed. From the answer's delivery until the objects show it.
 */
export function reconnecting(count) {
  return async (session) => {
    const { gateway } = session;
    const collection = await load(session, { count });
    const mirror = Array.from(collection, (book) => book.getResourceId());
    collection.on('add', ({ item, idx }) => mirror.splice(idx, 0, item.getResourceId()));
    collection.on('remove', ({ idx }) => mirror.splice(idx, 1));
    let changed = 0;
    for (const book of collection) book.on('change', () => changed++);

    gateway.drop();
    const request = await gateway.request(`subscribe.${LIST}`);
    const after = moved(count);
    const frame = answer(request, after);
    const time = await timed(() => {
      gateway.deliver(frame);
      return settled();
    });

    const expected = after.collections[LIST].map(({ rid }) => rid);
    const found = () => mirror.join() === expected.join() && changed === count / 100;
    // The listeners are called in a task of their own.
    for (let turn = 0; turn < 10_000 && !found(); turn++) await nextTask();
    verifyEqual(Array.from(collection, (book) => book.getResourceId()).join(), expected.join(), 'the collection');
    verifyEqual(mirror.join(), expected.join(), 'the list kept by the listeners');
    verifyEqual(changed, count / 100, 'the number of change events');
    for (const book of collection) {
      verifyEqual(book.rating, after.models[book.getResourceId()].rating, 'the rating of a model');
    }
    return time;
  };
}

function moved(count) {
  const set = resourceSet(count);
  const random = numbers(7);
  const references = set.collections[LIST];
  for (let moves = count / 100; moves > 0; moves--) {
    const [reference] = references.splice(random(count), 1);
    references.splice(random(count), 0, reference);
  }
  for (let index = 0; index < count; index += 100) set.models[modelRid(index)].rating += 1000;
  return set;
}
