import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from '../../scripts/lib/places.mjs';
import { OUT } from './bundle.js';

/** Records where the time of `work` in a page goes, to a file for the developer tools; prints the functions that took most. */
export async function profiled(page, name, work) {
  const session = await page.context().newCDPSession(page);
  await session.send('Profiler.enable');
  await session.send('Profiler.setSamplingInterval', { interval: 100 });
  await session.send('Profiler.start');
  const result = await work();
  const { profile } = await session.send('Profiler.stop');
  const path = join(OUT, `${name}.cpuprofile`);
  writeFileSync(path, JSON.stringify(profile));
  console.log(`\n${name}: ${relative(root, path)}`);
  for (const [key, time] of hottest(profile)) console.log(`  ${(time / 1000).toFixed(1).padStart(8)} ms  ${key}`);
  return result;
}

function hottest({ nodes, samples, timeDeltas }) {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
      id,
      `${functionName || '(anonymous)'} ${url.split('/').at(-1)}:${lineNumber + 1}`,
    ]),
  );
  const times = new Map();
  samples.forEach((id, at) => times.set(names.get(id), (times.get(names.get(id)) ?? 0) + (timeDeltas[at] ?? 0)));
  return [...times].sort(([, a], [, b]) => b - a).slice(0, SHOWN);
}

const SHOWN = 25;
