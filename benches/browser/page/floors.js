import { floors } from './floor.js';

globalThis.bench = {
  first: async () => 0,
  run: async (workload, runs) => Array.from({ length: runs }, () => floors[workload]()),
};
