import { main } from './lib/process.mjs';
import { simulation } from './lib/sim.mjs';

// The simulation of the whole system; what follows `--` goes to it: `--seeds N`, `--seed N`, `--bugs`, `--help`.
await main(async (args) => (await simulation(args)).code);
