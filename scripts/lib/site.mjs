import { cpSync, mkdirSync, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import { pkg, root, simulationOut, site as served } from './places.mjs';

const www = join(root, 'www');

/** Makes a folder the gateway can serve: `www/` with the package under `/pkg/`, from where the pages import it, and the simulation. */
export function makeSite(site = served) {
  rmSync(site, { recursive: true, force: true });
  mkdirSync(site, { recursive: true });
  // An example that was started by hand has packages of its own there.
  const filter = (path) => !path.includes('node_modules');
  cpSync(www, site, { recursive: true, filter });
  cpSync(pkg, join(site, 'pkg'), { recursive: true });
  cpSync(simulationOut, join(site, 'simulation-engine'), { recursive: true });
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
