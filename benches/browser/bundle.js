import { build } from 'esbuild';
import { join } from 'node:path';
import { generated } from '../../scripts/build-shell.mjs';
import { bench, named, pkg, root } from '../../scripts/lib/places.mjs';

export const OUT = bench;

const CLIENTS = {
  ours: join(pkg, 'index.js'),
  resclient: 'resclient',
};

/** The same from its sources, with the module that has the names of its functions. */
const OURS_NAMED = join(root, 'pkg-template/src/index.ts');

/**
 * The page's code by name: once with each client, and once without one for the floor. Names of functions are kept for a
 * profile. Nothing is written, so that two benchmarks at a time do not meet.
 */
export async function bundle(names, { profile }) {
  const page = join(import.meta.dirname, 'page');
  const clients = profile ? { ...CLIENTS, ours: OURS_NAMED } : CLIENTS;
  const texts = new Map();
  for (const name of names) {
    const { outputFiles } = await build({
      entryPoints: [join(page, name === 'floor' ? 'floors.js' : 'client.js')],
      write: false,
      absWorkingDir: root,
      bundle: true,
      format: 'esm',
      target: 'es2022',
      minify: !profile,
      alias: name in clients ? { 'client-under-test': clients[name] } : {},
      plugins: profile ? [generated(undefined, named)] : [],
      logLevel: 'error',
    });
    texts.set(`/${name}.js`, outputFiles[0].text);
  }
  return texts;
}
