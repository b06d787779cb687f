// What it is depends on the bundle: this package or npm `resclient`.
import Default, * as names from 'client-under-test';
import { first, run, scale, stage } from './main.js';
import { wasmBytes, watchMemories } from './memory.js';

const ResClient = names.ResClient ?? Default;

watchMemories();
globalThis.bench = {
  first: () => first(ResClient),
  run: (workload, runs) => run(ResClient, workload, runs),
  scale: (name) => scale(ResClient, name),
  stage: (name) => stage(ResClient, name),
  wasmBytes,
};
