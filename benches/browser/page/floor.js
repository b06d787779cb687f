import { timed } from './clock.js';
import { LIST, readModel, resourceSet } from './data.js';
import { changes } from './events.js';
import { answer } from './socket.js';

/** The least that a client in JavaScript can do with the same frames: to parse them. */
export const floors = {
  T1: () => timeParsing([answer({ id: 2 }, resourceSet(10_000))]),
  T1u: () => timeParsing([answer({ id: 2 }, resourceSet(10_000, { foreign: true }))]),
  T2: async () => {
    const frame = answer({ id: 2 }, resourceSet(10_000));
    let sum = 0;
    const time = await timed(() => {
      const { models, collections } = JSON.parse(frame).result;
      for (const { rid } of collections[LIST]) sum += readModel(models[rid]);
    });
    if (!(sum > 0)) throw new Error('nothing was read');
    return time;
  },
  T3: () => timeParsing(changes().frames),
};

async function timeParsing(frames) {
  let parsed = 0;
  const time = await timed(() => {
    for (const frame of frames) parsed += JSON.parse(frame) ? 1 : 0;
  });
  if (parsed !== frames.length) throw new Error('a frame was not parsed');
  return time;
}
