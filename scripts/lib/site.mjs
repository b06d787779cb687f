import { cpSync, existsSync, readFileSync, readdirSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bench, pkg, root, simulationOut, site as served } from './places.mjs';

const www = join(root, 'www');

/**
 * Makes a folder the gateway can serve, or any server of files: `www/` with the package under `/pkg/`, from where the pages import it,
 * the documentation, the examples, the simulation, and the last benchmarks.
 */
export async function makeSite(site = served) {
  // Only now, for on a fresh clone the npm packages were not there when this file was loaded.
  const { makeDocs } = await import('../site/docs.mjs');
  const { makeExamples } = await import('../site/examples.mjs');
  const { makeSearch } = await import('../site/search.mjs');
  // Beside the one that may be served at the moment.
  const next = `${site}.next`;
  rmSync(next, { recursive: true, force: true });
  await copyPages(next);
  cpSync(pkg, join(next, 'pkg'), { recursive: true });
  cpSync(simulationOut, join(next, 'simulation-engine'), { recursive: true });
  writeFileSync(join(next, 'benchmark/runs.json'), JSON.stringify(benchmarks()));
  const pages = [...(await makeDocs(next)), ...(await makeExamples(next))];
  await makeSearch(next, pages);
  rmSync(site, { recursive: true, force: true });
  renameSync(next, site);
}

/** What is served as it stands, but for the bar on top of each page. */
async function copyPages(site) {
  const { site: mark } = await import('../site/layout.mjs');
  cpSync(www, site, { recursive: true, filter: (path) => !MADE.includes(path) });
  cpSync(join(www, 'examples/style.css'), join(site, 'examples/style.css'));
  for (const name of readdirSync(site).filter((name) => name.endsWith('.html'))) {
    const page = join(site, name);
    writeFileSync(page, readFileSync(page, 'utf8').replace('<!-- site -->', mark()));
  }
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
  let making = Promise.resolve();
  let waiting = false;
  const make = () => {
    waiting = false;
    // An editor may replace a file by another in the middle of it; the next event brings the rest.
    making = making.then(() => makeSite()).catch((error) => console.error(error.message));
  };
  const watchers = [www, join(root, 'docs')].map((folder) =>
    watch(folder, { recursive: true }, () => {
      // Saving is several events; what comes while the site is made has it made once more.
      if (waiting) return;
      waiting = true;
      void making.then(() => setTimeout(make, SETTLED));
    }),
  );
  return () => watchers.forEach((watcher) => watcher.close());
}

/** Folders of `www/` that pages are made of. */
const MADE = [join(www, 'docs'), join(www, 'examples'), join(www, 'search')];
/** Milliseconds. */
const SETTLED = 100;
