import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildPackage } from './lib/build.mjs';
import { main } from './lib/process.mjs';
import { functionSizes, grouped, placeOf } from './lib/function-sizes.mjs';
import { named, pkg } from './lib/places.mjs';
import { bundled, DEFAULT_ENTRY, sizes, sourceSizes } from './lib/sizes.mjs';

/** Bytes of wasm and JavaScript together, brotli at its best, as an application bundle carries them. */
const BUDGET = 63_000;
/** Rows of a table of what takes the space. */
const SHOWN = 20;
const WIDTH = 110;

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

  const functions = functionSizes(readFileSync(named));
  table('of the module: functions', functions);
  table(
    'of the module: by where they stand',
    grouped(functions, ({ name }) => placeOf(name)),
  );
  table('of the JavaScript, minified', await sourceSizes());
  return over;
});

/** What takes the most, and its part of all, in bytes as they are. */
function table(what, rows) {
  const total = rows.reduce((sum, { bytes }) => sum + bytes, 0);
  console.log(`\n${what}, ${total} bytes raw`);
  const sorted = rows.toSorted((a, b) => b.bytes - a.bytes);
  for (const { name, bytes } of sorted.slice(0, SHOWN)) {
    const part = `${((bytes / total) * 100).toFixed(1)} %`;
    console.log(`${String(bytes).padStart(9)}${part.padStart(8)}  ${name.slice(0, WIDTH)}`);
  }
  const rest = sorted.slice(SHOWN).reduce((sum, { bytes }) => sum + bytes, 0);
  if (rest > 0) console.log(`${String(rest).padStart(9)}          ${sorted.length - SHOWN} more`);
}

function print(rows) {
  const line = ({ entry, part, raw, gzip, brotli }) =>
    entry.padEnd(22) + part.padEnd(36) + [raw, gzip, brotli].map((cell) => String(cell).padStart(9)).join('');
  console.log(`\n${line({ entry: 'entry', part: 'part', raw: 'raw', gzip: 'gzip', brotli: 'brotli' })}`);
  for (const row of rows) console.log(line(row));
  console.log();
}
