import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pkg, root } from '../../scripts/lib/places.mjs';
import { Complaint, main } from '../../scripts/lib/process.mjs';
import { bundled, DEFAULT_ENTRY, sizes } from '../../scripts/lib/sizes.mjs';
import { bundle } from './bundle.js';
import { openChromium } from './chromium.js';
import { openNode } from './node.js';
import { median, print, printScales, summarise, write } from './report.js';
import { SCALES, WORKLOADS } from './workloads.js';

const OPTIONS = {
  only: { type: 'string' },
  rounds: { type: 'string', default: '5' },
  client: { type: 'string', default: 'ours,resclient,floor' },
  engine: { type: 'string', default: 'chromium' },
  profile: { type: 'boolean', default: false },
  scaling: { type: 'boolean', default: false },
};

const USAGE = `npm run bench -- [--only T1,T3] [--rounds 5] [--client ours,resclient,floor] [--engine chromium|node] [--profile]
npm run bench -- --scaling [--engine chromium|node]: how the cost of some things grows with their size, for this package alone.
A figure that misses its target is no failure; a wrong result is.`;

/**
 * How each kind of workload is measured: in a round, with each client in turn the one right after the other, or once. Answers one
 * figure for each round.
 */
const MEASURES = {
  time: (bench, name) => bench.times(name),
  memory: (bench, name) => bench.rounds(name, (client) => memory(bench, client, WORKLOADS[name].stage)),
  alone: async (bench, name) => {
    const [figure] = await bench.engine.inPage('ours', (page) => page.call('run', name, 1));
    return [{ ours: figure }];
  },
  size: async () => [{ ours: await kilobytes(DEFAULT_ENTRY), resclient: await kilobytes(RESCLIENT_ENTRY, root) }],
  start: async ({ engine, clients, count }) => {
    const times = await engine.startTimes(clients, count);
    return times.ours.map((ours, round) => ({ ours, resclient: times.resclient[round] }));
  },
  parse: (bench, name) => bench.times(WORKLOADS[name].of),
};

class Bench {
  constructor(engine, clients, { count, profile }) {
    Object.assign(this, { engine, clients, count, profile, timed: new Map() });
  }

  /** The times of a workload in each round, which are measured once. */
  async times(name) {
    const measured =
      this.timed.get(name) ?? (await this.rounds(name, (client, last) => timed(this, client, name, last)));
    this.timed.set(name, measured);
    return measured;
  }

  /** A figure for each client of the workload, in each round the other way about. */
  async rounds(name, measure) {
    const results = [];
    for (let round = 0; round < this.count; round++) {
      const result = {};
      for (const client of round % 2 ? this.clients.toReversed() : this.clients) {
        if (client === 'floor' && !WORKLOADS[name].floor) continue;
        result[client] = await measure(client, round === this.count - 1);
      }
      results.push(result);
      process.stderr.write('.');
    }
    return results;
  }
}

/** One client's times for one workload, from fresh pages. */
async function timed({ engine, profile }, client, name, isLast) {
  const { runs, cold } = WORKLOADS[name];
  const result = await engine.inPage(client, async (page) => {
    await page.call('first');
    const times = await page.call('run', name, runs);
    if (profile && isLast) await page.profiled(`${name}-${client}`, () => page.call('run', name, runs));
    return { first: times[0], warm: median(times.length > 1 ? times.slice(1) : times) };
  });
  if (cold && client !== 'floor') [result.cold] = await engine.inPage(client, (page) => page.call('run', name, 1));
  return result;
}

/** Bytes that a client takes from its first use to a stage. */
async function memory({ engine }, client, last) {
  return engine.inPage(client, async (page) => {
    await page.call('first');
    const taken = async () => (await page.heapBytes()) + (await page.call('wasmBytes'));
    const before = await taken();
    for (const stage of STAGES.slice(0, STAGES.indexOf(last) + 1)) await page.call('stage', stage);
    return (await taken()) - before;
  });
}

async function kilobytes(entry, resolveDir) {
  return sizes(await bundled(entry, resolveDir)).brotli / 1000;
}

const STAGES = ['loaded', 'read', 'released'];
const RESCLIENT_ENTRY = `import ResClient from 'resclient'; globalThis.ResClient = ResClient;`;

await main(async (args) => {
  const { values } = options(args);
  const engines = { chromium: openChromium, node: openNode };
  const open = engines[values.engine];
  if (!open) throw new Complaint(`--engine is one of ${Object.keys(engines).join(', ')}`);
  const names = (values.only?.split(',') ?? Object.keys(WORKLOADS).filter((name) => !WORKLOADS[name].extra)).filter(
    (name) => values.engine === 'chromium' || WORKLOADS[name]?.how !== 'start',
  );
  const unknown = names.find((name) => !(name in WORKLOADS));
  if (unknown) throw new Complaint(`no workload is called ${unknown}: there are ${Object.keys(WORKLOADS).join(', ')}`);
  const count = Number(values.rounds);
  if (!Number.isInteger(count) || count < 1) throw new Complaint('--rounds is a number from 1');
  const clients = values.client.split(',');
  if (clients.includes('ours') && !existsSync(join(pkg, 'index.js'))) {
    throw new Complaint('pkg/index.js is missing: run `npm run build` first');
  }

  const engine = await open(await bundle(clients, values));
  try {
    if (values.scaling) {
      const found = [];
      for (const name of SCALES) found.push(await engine.inPage('ours', (page) => page.call('scale', name)));
      return printScales(found, engine.name);
    }
    const bench = new Bench(engine, clients, { count, profile: values.profile });
    const rows = {};
    for (const name of names) rows[name] = summarise(name, await MEASURES[WORKLOADS[name].how](bench, name));
    process.stderr.write('\n');
    print(rows, engine.name);
    if (clients.includes('ours') && clients.includes('resclient')) write(rows, engine.name);
  } finally {
    await engine.close();
  }
});

function options(args) {
  try {
    return parseArgs({ args, options: OPTIONS });
  } catch (error) {
    throw new Complaint(`${error.message}\n${USAGE}`);
  }
}
