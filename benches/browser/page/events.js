import { Countdown, nextTask, timed } from './clock.js';
import { LIST, event, model, modelRid, numbers, resourceSet, verifyEqual } from './data.js';
import { load } from './load.js';
import { answer } from './socket.js';

const MODELS = 10_000;
const CHANGES = 100_000;
const ITEMS = 1_000;
const EDITS = 50_000;
/** How many frames come in one task where they do not all come in one. */
const BATCH = 100;

/**
 * The change events in their order: half of the models change a number, the others a string. `replaced` is what the
 * replaced values add up to, by which a listener shows that it was given the right ones.
 */
export function changes() {
  const random = numbers(3);
  const models = Array.from({ length: MODELS }, (_, index) => model(index, false));
  let replaced = 0;
  const frames = Array.from({ length: CHANGES }, (_, at) => {
    const index = random(MODELS);
    const book = models[index];
    const numeric = index % 2 === 0;
    replaced += numeric ? book.rating : book.title.length;
    if (numeric) book.rating = at + 100;
    else book.title = `Edition ${at} of a book`;
    const values = numeric ? { rating: book.rating } : { title: book.title };
    return event(modelRid(index), 'change', { values });
  });
  return { frames, models, replaced };
}

/** T3: `batch` frames in each task, one listener for each model; until the last of the listeners was called. */
export function changing({ batch = BATCH } = {}) {
  return async (session) => {
    const { frames, models, replaced } = changes();
    const collection = await load(session);
    const calls = new Countdown(CHANGES);
    let sum = 0;
    let read = 0;
    for (const book of collection) {
      // Each listener is a function of its own, as the ones of components are.
      const listener =
        book.id % 2 === 0
          ? (changed) => {
              sum += changed.rating;
              read += book.rating;
              calls.count();
            }
          : (changed) => {
              sum += changed.title.length;
              read += book.title.length;
              calls.count();
            };
      book.on('change', listener);
    }
    const time = await timed(async () => {
      await stream(session.gateway, frames, batch);
      return calls.last();
    });
    verifyEqual(calls.left, 0, 'the number of calls missing');
    verifyEqual(sum, replaced, 'the sum of replaced values');
    verifyEqual(Number.isFinite(read) && read > 0, true, 'that members were read');
    for (const expected of models) {
      const found = collection.atIndex(expected.id);
      verifyEqual(found.rating, expected.rating, `the rating of model ${expected.id}`);
      verifyEqual(found.title, expected.title, `the title of model ${expected.id}`);
    }
    return time;
  };
}

/** The add and remove events, in turn and at random places, and the list they lead to; of models, the numbers they have. */
export function edits(ofModels = false) {
  const random = numbers(5);
  const list = Array.from({ length: ITEMS }, (_, index) => (ofModels || index % 2 ? index : `item ${index}`));
  const before = [...list];
  const frames = [];
  let removed = 0;
  for (let at = 0; at < EDITS; at++) {
    if (at % 2) {
      const idx = random(list.length);
      removed += weight(list.splice(idx, 1)[0]);
      frames.push(event(LIST, 'remove', { idx }));
    } else {
      const idx = random(list.length + 1);
      const value = ofModels ? ITEMS + at : at % 4 ? at : `new item ${at}`;
      list.splice(idx, 0, value);
      frames.push(event(LIST, 'add', ofModels ? { idx, ...withModel(value) } : { idx, value }));
    }
  }
  return { before, list, frames, removed };
}

/** T4: one listener for each of the two events; until the last call. T4r: of a list of models, which come with the events and leave. */
export function editing({ batch = BATCH, ofModels = false } = {}) {
  return async ({ client, gateway }) => {
    const { before, list, frames, removed } = edits(ofModels);
    const got = client.get(LIST);
    const set = ofModels ? resourceSet(ITEMS) : { collections: { [LIST]: before } };
    gateway.deliver(answer(await gateway.request(`subscribe.${LIST}`), set));
    const collection = await got;
    const valueOf = ofModels ? ({ id }) => id : (item) => item;
    const calls = new Countdown(EDITS);
    let added = 0;
    let gone = 0;
    collection.on('add', ({ item, idx }) => {
      added += weight(valueOf(item)) + idx;
      calls.count();
    });
    collection.on('remove', ({ item }) => {
      gone += weight(valueOf(item));
      calls.count();
    });
    const time = await timed(async () => {
      await stream(gateway, frames, batch);
      return calls.last();
    });
    verifyEqual(gone, removed, 'the weight of the removed items');
    verifyEqual(added > 0, true, 'that items were added');
    verifyEqual(JSON.stringify([...collection].map(valueOf)), JSON.stringify(list), 'the list at the end');
    return time;
  };
}

const withModel = (n) => ({ value: { rid: modelRid(n) }, models: { [modelRid(n)]: model(n, false) } });

const weight = (value) => String(value).length;

async function stream(gateway, frames, batch) {
  const { socket } = gateway;
  for (let at = 0; at < frames.length;) {
    const end = Math.min(at + batch, frames.length);
    for (; at < end; at++) socket.onmessage({ data: frames[at] });
    if (at < frames.length) await nextTask();
  }
}
