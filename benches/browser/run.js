import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Complaint, main } from '../../scripts/lib/process.mjs';
import { join } from 'node:path';
import { pkg } from '../../scripts/lib/places.mjs';
import { inPage, openBrowser } from './browser.js';
import { bundle } from './bundle.js';
import { profiled } from './profile.js';
import { median, print, summarise, write } from './report.js';
import { WORKLOADS } from './workloads.js';

const OPTIONS = {
  only: { type: 'string' },
  rounds: { type: 'string', default: '5' },
  client: { type: 'string', default: 'ours,resclient,floor' },
  profile: { type: 'boolean', default: false },
};

const USAGE = `npm run bench -- [--only T1,T3] [--rounds 5] [--client ours,resclient,floor] [--profile]
A figure that misses its target is no failure; a wrong result is.`;

/** Rounds of fresh pages: for each workload first the one client and then the other, in turn the other way about. */
async function rounds(browser, names, clients, { count, profile }) {
  const results = Object.fromEntries(names.map((name) => [name, []]));
  const starts = Object.fromEntries(clients.map((client) => [client, []]));
  for (let round = 0; round < count; round++) {
    for (const name of names) {
      const result = {};
      for (const client of round % 2 ? clients.toReversed() : clients) {
        if (client === 'floor' && !WORKLOADS[name].floor) continue;
        result[client] = await measure(browser, client, name, profile && round === count - 1);
        starts[client].push(result[client].start);
      }
      results[name].push(result);
      process.stderr.write('.');
    }
  }
  process.stderr.write('\n');
  return { results, starts };
}

/** One client's figures for one workload, from fresh pages. */
async function measure(browser, client, name, profile) {
  const { runs, cold } = WORKLOADS[name];
  const run = (page, turns) => page.evaluate(([name, turns]) => globalThis.bench.run(name, turns), [name, turns]);
  const result = await inPage(browser, client, async (page) => {
    const start = await page.evaluate(() => globalThis.bench.first());
    const times = await run(page, runs);
    if (profile) await profiled(page, `${name}-${client}`, () => run(page, runs));
    return { start, first: times[0], warm: median(times.length > 1 ? times.slice(1) : times) };
  });
  if (cold && client !== 'floor') [result.cold] = await inPage(browser, client, (page) => run(page, 1));
  return result;
}

await main(async (args) => {
  const { values } = options(args);
  const names = values.only ? values.only.split(',') : Object.keys(WORKLOADS).filter((name) => !WORKLOADS[name].extra);
  const unknown = names.find((name) => !(name in WORKLOADS));
  if (unknown) throw new Complaint(`no workload is called ${unknown}: there are ${Object.keys(WORKLOADS).join(', ')}`);
  const count = Number(values.rounds);
  if (!Number.isInteger(count) || count < 1) throw new Complaint('--rounds is a number from 1');
  const clients = values.client.split(',');
  if (clients.includes('ours') && !existsSync(join(pkg, 'index.js'))) {
    throw new Complaint('pkg/index.js is missing: run `npm run build` first');
  }

  const browser = await openBrowser(await bundle(clients, values));
  try {
    const { results, starts } = await rounds(browser, names, clients, { count, profile: values.profile });
    const summary = Object.fromEntries(names.map((name) => [name, summarise(name, results[name])]));
    const start = Object.fromEntries(Object.entries(starts).map(([client, times]) => [client, median(times)]));
    print(summary, { version: browser.version, start });
    if (clients.includes('ours') && clients.includes('resclient')) write(summary);
  } finally {
    await browser.close();
  }
});

function options(args) {
  try {
    return parseArgs({ args, options: OPTIONS });
  } catch (error) {
    throw new Complaint(`${error.message}\n${USAGE}`);
  }
}
