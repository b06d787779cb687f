import { clearAway } from './clock.js';
import { LIST, modelRid, readModel, resourceSet } from './data.js';
import { changes } from './events.js';
import { answer } from './socket.js';

/** The least that a client in JavaScript can do with the same frames: to parse them. */
export const floors = {
  T1: () => timeParsing([answer({ id: 2 }, resourceSet(10_000))]),
  T1u: () => timeParsing([answer({ id: 2 }, resourceSet(10_000, { foreign: true }))]),
  T2: () => {
    const frame = answer({ id: 2 }, resourceSet(10_000));
    clearAway();
    const from = performance.now();
    const { models, collections } = JSON.parse(frame).result;
    let sum = 0;
    for (const { rid } of collections[LIST]) sum += readModel(models[rid]);
    const time = performance.now() - from;
    if (!(sum > 0) || !models[modelRid(0)]) throw new Error('nothing was read');
    return time;
  },
  T3: () => timeParsing(changes().frames),
};

function timeParsing(frames) {
  clearAway();
  const from = performance.now();
  let parsed = 0;
  for (const frame of frames) parsed += JSON.parse(frame) ? 1 : 0;
  const time = performance.now() - from;
  if (parsed !== frames.length) throw new Error('a frame was not parsed');
  return time;
}
