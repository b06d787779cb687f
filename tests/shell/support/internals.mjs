import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root } from '../../../scripts/lib/places.mjs';

const MODULES = [
  'Emitter',
  'EventBus',
  'ResCollection',
  'ResError',
  'ResModel',
  'ResRef',
  'Session',
  'TypeList',
  'definition',
  'equal',
  'readOptions',
  'printable',
];

/** The parts of the shell that the package does not export, from their sources. */
export async function internals() {
  const outdir = join(root, 'target/shell-tests');
  mkdirSync(outdir, { recursive: true });
  // Test files run at the same time, each in a process of its own.
  const outfile = join(outdir, `internals-${process.pid}.mjs`);
  await build({
    stdin: {
      contents: MODULES.map((name) => `export * from './${name}.js';`).join('\n'),
      resolveDir: join(root, 'pkg-template/src'),
    },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    outfile,
  });
  try {
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(outfile);
  }
}
