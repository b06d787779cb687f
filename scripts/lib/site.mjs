import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bench, pkg, root, simulationOut, site as served } from './places.mjs';

const www = join(root, 'www');

/**
 * Makes a folder the gateway can serve: `www/` with the package under `/pkg/`, from where the pages import it, the simulation, and
 * the last benchmarks.
 */
export function makeSite(site = served) {
  rmSync(site, { recursive: true, force: true });
  mkdirSync(site, { recursive: true });
  // An example that was started by hand has packages of its own there.
  const filter = (path) => !path.includes('node_modules');
  cpSync(www, site, { recursive: true, filter });
  cpSync(pkg, join(site, 'pkg'), { recursive: true });
  cpSync(simulationOut, join(site, 'simulation-engine'), { recursive: true });
  writeFileSync(join(site, 'benchmark/runs.json'), JSON.stringify(benchmarks()));
}

/** What `npm run bench` has measured last, for each engine it was run with. */
function benchmarks() {
  const read = (name) => JSON.parse(readFileSync(join(bench, name), 'utf8'));
  return ['client', 'client-node']
    .filter((name) => existsSync(join(bench, `${name}-machine.json`)))
    .map((name) => ({ machine: read(`${name}-machine.json`), rows: read(`${name}.json`) }));
}

/** Keeps the served folder like `www/` while a person edits it; reloading the page is enough to see a change. */
export function followSite() {
  const watcher = watch(www, { recursive: true }, (_event, name) => {
    try {
      // First away with it: it may be gone, or have become a folder.
      if (name) rmSync(join(served, name), { recursive: true, force: true });
      cpSync(www, served, { recursive: true });
    } catch {
      // An editor may replace a file by another in the middle of the copy; the next event brings the rest.
    }
  });
  return () => watcher.close();
}
