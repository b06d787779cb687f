import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { cargoCounts, tally, tapCounts } from '../../scripts/lib/counts.mjs';
import { capture } from '../../scripts/lib/process.mjs';

// What `npm test` says of a run is read from what the runners print; these are the runners themselves, with tests that fail.

const folder = mkdtempSync(join(tmpdir(), 'counts-'));
after(() => rmSync(folder, { recursive: true }));

const write = (name, text) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

test('of what Node runs, the tests that failed are named, and not the suites around them', async () => {
  const path = write(
    'broken.test.mjs',
    `import { suite, test } from 'node:test';
     test('passes', () => {});
     suite('outer', () => {
       test('passes too', () => {});
       test('fails inside', () => { throw new Error('as it should'); });
     });
     test('fails outside', () => { throw new Error('as it should'); });`,
  );
  // A runner that is told of another around it runs nothing.
  const result = await capture(process.execPath, ['--test', '--test-reporter=tap', path], {
    env: { NODE_TEST_CONTEXT: undefined },
  });
  assert.deepEqual(tally(result, tapCounts), { passed: 2, failed: 2, names: ['fails inside', 'fails outside'] });
});

test('of what cargo runs, the tests that failed are named', async () => {
  const source = write(
    'broken.rs',
    '#[test] fn passes() {}\nmod inner { #[test] fn fails() { panic!("as it should") } }',
  );
  const program = join(folder, 'broken');
  assert.equal((await capture('rustc', ['--test', '-o', program, source])).code, 0);
  assert.deepEqual(tally(await capture(program, []), cargoCounts), { passed: 1, failed: 1, names: ['inner::fails'] });
});

test('a runner that did not run is a failure', async () => {
  const path = write('empty.mjs', '');
  const { passed, failed, note } = tally(await capture(process.execPath, [path]), tapCounts);
  assert.deepEqual({ passed, failed, note }, { passed: 0, failed: 1, note: 'the output shows no test' });
});
