// What it is depends on the bundle: this package or npm `resclient`.
import Default, * as names from 'client-under-test';
import { first, run } from './main.js';

const ResClient = names.ResClient ?? Default;

globalThis.bench = { first: () => first(ResClient), run: (workload, runs) => run(ResClient, workload, runs) };
