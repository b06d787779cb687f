import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LISTS, faultsOf, rowsOf } from './lib/features.mjs';
import { Complaint, main } from './lib/process.mjs';
import { root } from './lib/places.mjs';

// Prints what the project promises with the tests that show it, from docs/features.md and docs/security.md, or what the file named on the
// command line has in the place of the former. Fails when something promised is not listed, or shown by no test, or by one that is not there.
await main(([named]) => {
  const [features, ...others] = LISTS.map((list) => ({ ...list, file: join(root, list.file) }));
  const lists = named ? [{ ...features, file: named }] : [features, ...others];
  const faults = lists.flatMap(({ file, promised }) => show(rowsOf(readFileSync(file, 'utf8')), promised));
  if (faults.length > 0) throw new Complaint(faults.join('\n'));
});

/** Prints rows, and gives what is wrong with them. */
function show(rows, promised) {
  for (const { id, what, tests } of rows) {
    console.log(`${id.padEnd(5)} ${what}`);
    for (const { file, name } of tests) console.log(`      ${file} › ${name}`);
  }
  const tests = new Set(rows.flatMap((row) => row.tests.map(({ file, name }) => `${file} ${name}`)));
  console.log(`\n${rows.length} rows, shown by ${tests.size} tests`);
  return faultsOf(rows, promised);
}
