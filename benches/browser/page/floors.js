import { floors } from './floor.js';

globalThis.bench = {
  first: async () => 0,
  run: async (workload, runs) => {
    const times = [];
    while (times.length < runs) times.push(await floors[workload]());
    return times;
  },
};
