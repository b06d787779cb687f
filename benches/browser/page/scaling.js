import { settled, timed } from './clock.js';
import { LIST, event, numbers, verifyEqual } from './data.js';
import { eventTime } from './held.js';
import { load } from './load.js';
import { reconnecting } from './reconnect.js';
import { answer } from './socket.js';

/**
 * What grows, by name: the sizes, and how long one thing takes at a size, in milliseconds. `steepest` is the slope that the time may
 * have over the size, both as logarithms: 0 does not grow, 1 grows with it.
 */
export const SCALES = {
  event: {
    what: 'one change event, by resources held',
    sizes: [1_000, 10_000, 100_000, 1_000_000],
    steepest: 0.1,
    time: eventTime,
  },
  reconnect: {
    what: 'the answer after a reconnect, by resources held',
    sizes: [1_000, 3_000, 10_000, 30_000],
    steepest: 1.1,
    time: (session, count) => reconnecting(count)(session),
  },
  unsubscribe: {
    what: 'the end of a subscription, by resources it covers',
    sizes: [1_000, 3_000, 10_000, 30_000],
    steepest: 1.1,
    time: releasing,
  },
  length: {
    what: 'a list with 20 changes after a reconnect, by its length',
    sizes: [1_000, 10_000, 100_000],
    steepest: 1.1,
    time: (session, length) => comparing(session, length, 20),
  },
  changes: {
    what: 'a list of 10,000 after a reconnect, by its changes',
    sizes: [10, 100, 1_000],
    steepest: 1.1,
    time: (session, changes) => comparing(session, 10_000, changes),
  },
};

async function releasing(session, count) {
  await load(session, { count });
  const frame = event(LIST, 'unsubscribe', { reason: { code: 'system.accessDenied', message: '' } });
  return timed(() => session.gateway.deliver(frame));
}

/** A list of different numbers, of which some have moved when the connection is back. */
async function comparing({ client, gateway }, length, changes) {
  const list = Array.from({ length }, (_, at) => at);
  const got = client.get(LIST);
  gateway.deliver(answer(await gateway.request(`subscribe.${LIST}`), { collections: { [LIST]: list } }));
  const collection = await got;
  collection.on('add', () => {});
  gateway.drop();
  const request = await gateway.request(`subscribe.${LIST}`);
  const random = numbers(13);
  for (let n = 0; n < changes; n++) list.splice(random(length), 0, ...list.splice(random(length), 1));
  const frame = answer(request, { collections: { [LIST]: list } });
  const time = await timed(() => {
    gateway.deliver(frame);
    return settled();
  });
  verifyEqual(collection.toArray().join(), list.join(), 'the list');
  return time;
}
