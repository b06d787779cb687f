import { Complaint, main } from './lib/process.mjs';
import { suites } from './lib/suites.mjs';

// Runs the suites named on the command line, or all of them, and closes with the names of the tests that failed and the line
// `N passed, N failed`. What begins with the first `--` is for the suites that take options.
await main(async (args) => {
  const end = args.findIndex((arg) => arg.startsWith('--'));
  const names = end < 0 ? args : args.slice(0, end);
  const options = args.slice(names.length);
  const chosen = names.length ? names : Object.keys(suites);
  const unknown = chosen.find((name) => !Object.hasOwn(suites, name));
  if (unknown) throw new Complaint(`there is no suite ${unknown}: choose among ${Object.keys(suites).join(', ')}`);

  const rows = [];
  for (const name of chosen) {
    console.log(`\n── ${name}`);
    const begun = performance.now();
    const { passed, failed, names = [], note } = await outcome(() => suites[name](options));
    rows.push({ name, passed, failed, names, note, seconds: (performance.now() - begun) / 1000 });
  }

  const total = (column) => rows.reduce((sum, row) => sum + row[column], 0);
  console.log(`\n${'suite'.padEnd(10)}${'passed'.padStart(8)}${'failed'.padStart(8)}${'seconds'.padStart(9)}`);
  for (const { name, passed, failed, seconds, note } of rows) {
    const figures = `${String(passed).padStart(8)}${String(failed).padStart(8)}${seconds.toFixed(1).padStart(9)}`;
    console.log(name.padEnd(10) + figures + (note ? `  ${note}` : ''));
  }
  const broken = rows.flatMap(({ name, names }) => names.map((test) => `${name} › ${test}`));
  if (broken.length) console.log(['\nfailed:', ...broken].join('\n'));
  console.log(`\n${total('passed')} passed, ${total('failed')} failed`);
  return total('failed') ? 1 : 0;
});

/** A suite that cannot even start is a failure of that suite; the others still run. */
async function outcome(suite) {
  try {
    return await suite();
  } catch (error) {
    console.error(error instanceof Complaint ? error.message : error);
    return { passed: 0, failed: 1, note: error.message };
  }
}
