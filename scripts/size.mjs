import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildPackage } from './lib/build.mjs';
import { main } from './lib/process.mjs';
import { pkg } from './lib/places.mjs';
import { bundled, DEFAULT_ENTRY, sizes } from './lib/sizes.mjs';

/** Bytes of wasm and JavaScript together, brotli at its best, as an application bundle carries them. */
const BUDGET = 62_000;

await main(async () => {
  await buildPackage();
  const module = readFileSync(join(pkg, 'client.wasm'));
  const whole = await bundled(DEFAULT_ENTRY);
  const slim = await bundled(
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

function print(rows) {
  const line = ({ entry, part, raw, gzip, brotli }) =>
    entry.padEnd(22) + part.padEnd(36) + [raw, gzip, brotli].map((cell) => String(cell).padStart(9)).join('');
  console.log(`\n${line({ entry: 'entry', part: 'part', raw: 'raw', gzip: 'gzip', brotli: 'brotli' })}`);
  for (const row of rows) console.log(line(row));
  console.log();
}
