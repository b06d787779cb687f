import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { buildPackage } from './lib/build.mjs';
import { main } from './lib/process.mjs';
import { pkg } from './lib/places.mjs';

/** Bytes of wasm and JavaScript together, brotli at its best, as an application bundle carries them. */
const BUDGET = 60_000;

await main(async () => {
  await buildPackage();
  const module = readFileSync(join(pkg, 'client.wasm'));
  const whole = await bundle(`import ResClient from 'resclient-wasm'; globalThis.ResClient = ResClient;`);
  const slim = await bundle(
    `import ResClient, { init } from 'resclient-wasm/slim'; globalThis.ResClient = ResClient; globalThis.init = init;`,
  );
  const rows = [
    { entry: 'resclient-wasm', part: 'JavaScript with the module inlined', ...sizes(whole) },
    { entry: 'resclient-wasm/slim', part: 'JavaScript', ...sizes(slim) },
    { entry: '', part: 'client.wasm', ...sizes(module) },
  ];
  print(rows);

  let over = 0;
  for (const [name, parts] of [
    ['resclient-wasm', rows.slice(0, 1)],
    ['resclient-wasm/slim', rows.slice(1)],
  ]) {
    const total = parts.reduce((sum, { brotli }) => sum + brotli, 0);
    const verdict = total <= BUDGET ? 'within' : 'over';
    if (total > BUDGET) over += 1;
    console.log(`${name}: ${total} bytes brotli, ${verdict} the budget of ${BUDGET}`);
  }
  return over;
});

/** Bundled from inside the package, so that its own name is resolved by its exports map, as for a user. */
async function bundle(contents) {
  // After the build: on a fresh clone the npm packages are not there when this file is loaded.
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: pkg },
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

function sizes(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, { params }).length,
  };
}

function print(rows) {
  const line = ({ entry, part, raw, gzip, brotli }) =>
    entry.padEnd(22) + part.padEnd(36) + [raw, gzip, brotli].map((cell) => String(cell).padStart(9)).join('');
  console.log(`\n${line({ entry: 'entry', part: 'part', raw: 'raw', gzip: 'gzip', brotli: 'brotli' })}`);
  for (const row of rows) console.log(line(row));
  console.log();
}
