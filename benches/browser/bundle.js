import { build } from 'esbuild';
import { join } from 'node:path';
import { pkg, root } from '../../scripts/lib/places.mjs';

export const OUT = join(root, 'target/bench');

const CLIENTS = {
  ours: join(pkg, 'index.js'),
  resclient: 'resclient',
};

/** Bundles the page's code once with each client, and once without one for the floor; names of functions are kept for a profile. */
export async function bundle(names, { profile }) {
  const page = join(import.meta.dirname, 'page');
  for (const name of names) {
    await build({
      entryPoints: [join(page, name === 'floor' ? 'floors.js' : 'client.js')],
      outfile: join(OUT, `${name}.js`),
      absWorkingDir: root,
      bundle: true,
      format: 'esm',
      target: 'es2022',
      minify: !profile,
      alias: name in CLIENTS ? { 'client-under-test': CLIENTS[name] } : {},
      logLevel: 'error',
    });
  }
}
