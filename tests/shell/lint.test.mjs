import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ESLint } from 'eslint';
import { filesBelow } from '../../scripts/lib/fresh.mjs';
import { root } from '../../scripts/lib/places.mjs';

const eslint = new ESLint({ cwd: root });

test('what makes markup or script out of text is refused in the package and on the site', async () => {
  for (const line of [
    'element.innerHTML = text;',
    "element['outerHTML'] = text;",
    "element.insertAdjacentHTML('beforeend', text);",
    'document.write(text);',
    'frame.srcdoc = text;',
    "new DOMParser().parseFromString(text, 'text/html');",
    'range.createContextualFragment(text);',
    'eval(text);',
    'new Function(text);',
    "setTimeout('run()', 1);",
    "link.href = 'javascript:run()';",
  ]) {
    for (const filePath of ['www/demo/a.js', 'www/examples/hello-world/a.js', 'pkg-template/src/a.ts']) {
      assert.notDeepEqual(await refusals(line, filePath), [], `${filePath}: ${line}`);
    }
  }
});

test('what would keep something of the client beyond the page is refused in the package', async () => {
  for (const line of [
    "localStorage.setItem('token', text);",
    'sessionStorage.token = text;',
    "indexedDB.open('tokens');",
  ]) {
    assert.deepEqual(await refusals(line, 'pkg-template/src/a.ts'), ['no-restricted-globals'], line);
  }
});

test('no file of the package or the site has rules of its own about that', () => {
  const files = ['www', 'pkg-template'].flatMap((folder) => filesBelow(join(root, folder)));
  const written = files.filter((file) => /\.(js|mjs|ts)$/.test(file));
  assert.ok(written.length > 50);
  const remarks = written.flatMap((file) => readFileSync(file, 'utf8').match(/^.*\beslint\b.*$/gm) ?? []);
  for (const remark of remarks) assert.match(remark, /eslint(-disable-next-line)? @typescript-eslint\/[\w-]+( --|:)/);
});

/** The rules by which a line is refused in a file of that name. */
async function refusals(line, filePath) {
  const [{ messages }] = await eslint.lintText(`/* eslint no-undef: off */\n${line}\n`, { filePath });
  return messages.filter(({ line, severity }) => line === 2 && severity === 2).map(({ ruleId }) => ruleId);
}
