import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { pkg, root } from './places.mjs';

/**
 * What an application's bundler makes of a module, minified, in bytes. It is bundled from inside the package, so that its own name
 * is resolved by its exports map, as for a user.
 */
export async function bundled(contents, resolveDir = pkg) {
  // After the build: on a fresh clone the npm packages are not there when this file is loaded.
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    stdin: { contents, resolveDir },
    bundle: true,
    minify: true,
    treeShaking: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    legalComments: 'none',
  });
  return outputFiles[0].contents;
}

/** Bytes that each source of the shell has in what a bundler makes of the package, without the module inlined. */
export async function sourceSizes() {
  const { build } = await import('esbuild');
  const { generated } = await import('../build-shell.mjs');
  const { metafile } = await build({
    entryPoints: [join(root, 'pkg-template/src/index.ts')],
    absWorkingDir: join(root, 'pkg-template/src'),
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    metafile: true,
    plugins: [generated()],
  });
  const [{ inputs }] = Object.values(metafile.outputs);
  return Object.entries(inputs)
    .filter(([path]) => !path.startsWith('inline:'))
    .map(([name, { bytesInOutput }]) => ({ name, bytes: bytesInOutput }));
}

/** Lengths as they are, and as servers send them: gzip and brotli at their best. */
export function sizes(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, { params }).length,
  };
}

/** The package's default entry, as an application takes it. */
export const DEFAULT_ENTRY = `import ResClient from 'resclient-wasm'; globalThis.ResClient = ResClient;`;
