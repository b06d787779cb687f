import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from '../../scripts/lib/places.mjs';
import { OUT } from './bundle.js';

/**
 * Records where the time goes in what is timed while `work` runs. The last recording is written to a file for the
 * developer tools; the functions that took most in all of them are printed.
 */
export async function profiled(page, name, work) {
  const session = await page.context().newCDPSession(page);
  const times = new Map();
  let last;
  let recordings = 0;
  await session.send('Profiler.enable');
  await session.send('Profiler.setSamplingInterval', { interval: 100 });
  await page.exposeFunction('startProfile', () => session.send('Profiler.start').then(() => undefined));
  await page.exposeFunction('stopProfile', async () => {
    ({ profile: last } = await session.send('Profiler.stop'));
    addTo(times, last);
    recordings++;
  });
  await work();
  const path = join(OUT, `${name}.cpuprofile`);
  mkdirSync(OUT, { recursive: true });
  writeFileSync(path, JSON.stringify(last));
  console.log(`\n${name}: ${relative(root, path)}, milliseconds in each of ${recordings} runs`);
  for (const [key, time] of [...times].sort(([, a], [, b]) => b - a).slice(0, SHOWN)) {
    console.log(`  ${(time / 1000 / recordings).toFixed(2).padStart(8)}  ${key}`);
  }
}

function addTo(times, { nodes, samples, timeDeltas }) {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
      id,
      `${functionName || '(anonymous)'} ${url.split('/').at(-1)}:${lineNumber + 1}`,
    ]),
  );
  samples.forEach((id, at) => times.set(names.get(id), (times.get(names.get(id)) ?? 0) + (timeDeltas[at] ?? 0)));
}

const SHOWN = 30;
