import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LISTS, faultsOf, rowsOf } from '../../scripts/lib/features.mjs';
import { root } from '../../scripts/lib/places.mjs';

const LIST = readFileSync(join(root, 'docs/features.md'), 'utf8');

/** What `npm run features` says of a list. */
function features(list) {
  const folder = join(root, 'target/shell-tests');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `features-${process.pid}.md`);
  writeFileSync(file, list);
  try {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/features.mjs', file], {
      cwd: root,
      encoding: 'utf8',
    });
    return { status, stdout, complaint: stderr.trim() };
  } finally {
    rmSync(file);
  }
}

/** What `npm run features` says of a list that names a test of a file that is written for it. */
function named(test, text, extension = 'test.mjs') {
  const file = `target/shell-tests/named-${process.pid}.${extension}`;
  mkdirSync(join(root, 'target/shell-tests'), { recursive: true });
  writeFileSync(join(root, file), text);
  try {
    const { status, complaint } = features(edited('C2', (row) => row.replace(/^- .*$/m, `- \`${file} › ${test}\``)));
    return [status, complaint.replace(file, 'FILE')];
  } finally {
    rmSync(join(root, file));
  }
}

/** The list with a row rewritten. */
function edited(id, edit) {
  const rows = LIST.split(/^(?=\*\*)/m);
  const at = rows.findIndex((row) => row.startsWith(`**${id}**`));
  return rows.with(at, edit(rows[at])).join('');
}

test('every feature is printed with the tests that show it', () => {
  const { status, stdout, complaint } = features(LIST);
  assert.deepEqual([status, complaint], [0, '']);
  assert.match(stdout, /^C1 {4}The first frame/m);
  assert.match(stdout, /^ {6}tests\/handshake\.rs › an_unsupported_protocol_fails_the_connection_for_good$/m);
  assert.match(stdout, /\n224 rows, shown by \d+ tests\n$/);
});

test('the demands on the security of the client are printed like that, and one whose test is not there is a fault', () => {
  const { status, stdout } = spawnSync(process.execPath, ['scripts/features.mjs'], { cwd: root, encoding: 'utf8' });
  assert.equal(status, 0);
  assert.match(stdout, /^S1 {4}Names that mean something to JavaScript/m);
  assert.match(stdout, /\n13 rows, shown by \d+ tests\n$/);
  const { file, promised } = LISTS.find(({ file }) => file === 'docs/security.md');
  const list = readFileSync(join(root, file), 'utf8');
  assert.deepEqual(faultsOf(rowsOf(list), promised), []);
  const without = list
    .replace(' › frames that make no sense do no harm', ' › frames do no harm')
    .replace('**S13**', '**S14**');
  assert.deepEqual(faultsOf(rowsOf(without), promised), [
    'S13 is listed nowhere',
    'S3: tests/shell/connection.test.mjs has no test “frames do no harm”',
    'S14 is not among what is promised',
  ]);
});

test('a list that promises less, twice, or what no test shows is refused, and it is said why', () => {
  const item = (text) => (row) => row.replace(/^- .*$/m, `- \`${text}\``);
  for (const [list, complaint] of [
    [edited('C7', () => ''), 'C7 is listed nowhere'],
    [edited('RF3', (row) => row + row), 'RF3 is listed 2 times'],
    [edited('RF30', (row) => `${row}\n${row.replace('RF30', 'RF31')}`), 'RF31 is not among what is promised'],
    [edited('C2', (row) => row.replaceAll(/^- .*\n/gm, '')), 'C2 is shown by no test'],
    [edited('C2', item('tests/none.rs › a_test')), 'C2: there is no test file tests/none.rs'],
    [edited('C2', item('scripts/test.mjs › a test')), 'C2: there is no test file scripts/test.mjs'],
    [edited('C2', item('tests/events.rs › a_test')), 'C2: tests/events.rs has no test “a_test”'],
    // A function, but no test; the beginning of a name; and a text that is not one.
    [edited('C2', item('tests/events.rs › listening')), 'C2: tests/events.rs has no test “listening”'],
    [
      edited('C3', (row) => row.replace(/, and one object ever after/, '')),
      'C3: tests/shell/client.test.mjs has no test “get answers one promise while it is under way”',
    ],
    [
      edited('C3', item('tests/shell/client.test.mjs › example.model')),
      'C3: tests/shell/client.test.mjs has no test “example.model”',
    ],
  ]) {
    const said = features(list);
    assert.deepEqual([said.status, said.complaint], [1, complaint]);
  }
});

test('a test that never runs shows nothing', () => {
  for (const text of [
    "/*\ntest('a test', () => {});\n*/",
    "/** So it was:\n  test('a test', () => {});\n*/",
    "done(); /* not now\ntest('a test', () => {}); */",
    "// test('a test', () => {});",
    "test('a test', { skip: true }, () => {});",
    "test(\n  'a test',\n  { timeout: 5, skip: 'not now' },\n  () => {},\n);",
    "test('a test', { todo: true }, () => {});",
    "test.skip('a test', () => {});",
    "test.todo('a test', () => {});",
    "suite('some', { skip: true }, () => {\n  test('a test', () => {});\n});",
    "suite.skip('some', () => {\n  test('a test', () => {});\n});",
  ]) {
    assert.deepEqual(named('a test', text), [1, 'C2: FILE has no test “a test”'], text);
  }
  for (const text of ['/*\n#[test]\nfn a_test() {}\n*/', '#[test]\n#[ignore]\nfn a_test() {}']) {
    assert.deepEqual(named('a_test', text, 'rs'), [1, 'C2: FILE has no test “a_test”'], text);
  }
});

test('a test that runs shows something, whatever stands around it', () => {
  for (const text of [
    "/* one */ /** two\n * three */\ntest('a test', () => {});\n/*\n*/",
    "const glob = 'src/*';\ntest('a test', { timeout: 5 }, () => skip());",
    "suite('some', () => {\n  test('a test', async ({ skip }) => {});\n});",
  ]) {
    assert.deepEqual(named('a test', text), [0, ''], text);
  }
  assert.deepEqual(named('a_test', '/* one\n*/\n#[test]\nfn a_test() {}', 'rs'), [0, '']);
});
