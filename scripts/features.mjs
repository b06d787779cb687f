import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { faultsOf, rowsOf } from './lib/features.mjs';
import { Complaint, main } from './lib/process.mjs';
import { root } from './lib/places.mjs';

// Prints what the project promises with the tests that show it, from docs/features.md or the file named on the command line. Fails
// when something promised is not listed, or shown by no test, or by one that is not there.
await main(([file = join(root, 'docs/features.md')]) => {
  const rows = rowsOf(readFileSync(file, 'utf8'));
  for (const { id, what, tests } of rows) {
    console.log(`${id.padEnd(5)} ${what}`);
    for (const { file, name } of tests) console.log(`      ${file} › ${name}`);
  }
  const faults = faultsOf(rows);
  if (faults.length > 0) throw new Complaint(faults.join('\n'));
  const tests = new Set(rows.flatMap((row) => row.tests.map(({ file, name }) => `${file} ${name}`)));
  console.log(`\n${rows.length} rows, shown by ${tests.size} tests`);
});
