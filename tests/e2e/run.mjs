import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { main, start } from '../../scripts/lib/process.mjs';
import { root } from '../../scripts/lib/places.mjs';
import { makeSite } from '../../scripts/lib/site.mjs';
import { site } from './support/gateway.mjs';

// `node tests/e2e/run.mjs` runs every file, `node tests/e2e/run.mjs chart` those with the word in their name. The package
// and the gateway have to be built before: `npm run test:e2e` does both.
await main(async (words) => {
  await makeSite(site);
  // Of pages that are there no more.
  if (words.length === 0) rmSync(join(root, 'docs/screens'), { recursive: true, force: true });
  cpSync(join(root, 'tests/e2e/pages'), join(site, 'e2e'), { recursive: true });
  const files = readdirSync(join(root, 'tests/e2e'))
    .filter((name) => name.endsWith('.test.mjs') && (words.length === 0 || words.some((word) => name.includes(word))))
    .map((name) => `tests/e2e/${name}`);
  // One after the other: every file has a browser and a gateway of its own, and small machines have two cores.
  // What a test has closed may keep Node from ending by itself: sockets cut in the middle of what was being written.
  const how = ['--test-concurrency=1', '--test-force-exit', '--test-reporter=tap'];
  const child = start(process.execPath, ['--test', ...how, ...files]);
  const { code } = await child.ended;
  return code ?? 1;
});
