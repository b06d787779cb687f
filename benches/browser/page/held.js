import { timed } from './clock.js';
import { LIST, event, numbers, verifyEqual } from './data.js';
import { answer } from './socket.js';

/** Models of one answer, which is about 3 MB. */
const SHARE = 50_000;
const EVENTS = 20_000;
/** How many of the models the events are about, whatever else is held. */
const ACTIVE = 1_000;
const HUB = 2_000;

const rid = (index) => `held.model.${index}`;

/** T10: events of the same thousand models, with nothing else held and with a million others; how much longer they take. */
export async function eventsAmong(connect) {
  const session = await connect();
  const few = await eventTime(session, ACTIVE);
  session.client.disconnect();
  return (await eventTime(await connect(), 1_000_000)) / few;
}

/** The time of an event of one of a thousand models in milliseconds, the least of some rounds. */
export async function eventTime(session, held) {
  for (let from = 0; from < held; from += SHARE) await hold(session, from, Math.min(from + SHARE, held));
  const models = await Promise.all(Array.from({ length: ACTIVE }, (_, index) => session.client.get(rid(index))));
  let calls = 0;
  for (const found of models) found.on('change', () => calls++);
  const random = numbers(11);
  let least = Infinity;
  for (let round = 1; round <= ROUNDS; round++) {
    const frames = Array.from({ length: EVENTS }, (_, at) =>
      event(rid(random(ACTIVE)), 'change', { values: { n: round * EVENTS + at } }),
    );
    const time = await timed(() => {
      for (const frame of frames) session.gateway.deliver(frame);
    });
    least = Math.min(least, time / EVENTS);
    await new Promise((resolve) => setTimeout(resolve));
    verifyEqual(calls, round * EVENTS, 'the number of calls');
  }
  return least;
}

async function hold({ client, gateway }, from, to) {
  const list = `held.list.${from}`;
  const got = client.get(list);
  const request = await gateway.request(`subscribe.${list}`);
  const models = {};
  const references = [];
  for (let index = from; index < to; index++) {
    models[rid(index)] = { n: index };
    references.push({ rid: rid(index) });
  }
  gateway.deliver(answer(request, { models, collections: { [list]: references } }));
  verifyEqual((await got).length, to - from, 'the number of models');
}

/** T11: models that are listened to and all refer to one list of many; the time it takes to take notice of a lost connection. */
export async function losing(connect) {
  const session = await connect();
  const { client, gateway } = session;
  const got = client.get(LIST);
  const request = await gateway.request(`subscribe.${LIST}`);
  const models = {};
  const [all, hub] = [[], []];
  for (let index = 0; index < HUB; index++) {
    models[`hub.leaf.${index}`] = { n: index };
    hub.push({ rid: `hub.leaf.${index}` });
    models[rid(index)] = { hub: { rid: 'hub' } };
    all.push({ rid: rid(index) });
  }
  gateway.deliver(answer(request, { models, collections: { [LIST]: all, hub } }));
  for (const found of await got) found.on('change', () => {});
  const time = await timed(() => gateway.drop());
  verifyEqual(client.connected, false, 'that the client is connected');
  return time;
}

const ROUNDS = 8;
