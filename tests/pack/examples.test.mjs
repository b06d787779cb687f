import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { cp, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { build, createServer } from 'vite';
import { inPage } from './support/adapters.mjs';
import { launch } from './support/browser.mjs';
import { project, root } from './support/project.mjs';

const examples = join(root, 'www/examples');

// The applications of www/examples/ that are there to be copied: here they are, beside the packed package.
suite('an application to copy', () => {
  let folder, browser;

  before(async () => {
    ({ folder } = await project('examples'));

    await cp(join(root, 'www/examples/style.css'), join(folder, 'style.css'));
    browser = await launch();
  });
  after(() => browser?.close());

  for (const name of readdirSync(examples).filter((name) => existsSync(join(examples, name, 'index.html')))) {
    test(`${name}: it is built by its own script, of nothing but what its package.json names`, async () => {
      const copy = await copied(name, name);
      const { scripts, dependencies } = JSON.parse(await readFile(join(copy, 'package.json'), 'utf8'));
      assert.equal(scripts.build, 'vite build');
      const sources = (await readdir(copy, { recursive: true })).filter((path) => /\.(m?js|jsx|vue)$/.test(path));
      for (const path of sources) {
        const imports = (await readFile(join(copy, path), 'utf8')).matchAll(/(?:from|import) '([^'.][^':]*)'/g);
        for (const [, specifier] of imports) {
          const [scope, rest] = specifier.split('/');
          const dependency = scope.startsWith('@') ? `${scope}/${rest}` : scope;
          assert.ok(dependencies[dependency] || path === 'vite.config.js', `${path} imports ${specifier}`);
        }
      }
      await build({ root: copy, logLevel: 'error', build: { outDir: join(copy, 'dist') } });
      assert.match(await readFile(join(copy, 'dist/index.html'), 'utf8'), /<script type="module"/);
      const sheets = (await readdir(join(copy, 'dist/assets'))).filter((file) => file.endsWith('.css'));
      assert.match(await readFile(join(copy, 'dist/assets', sheets[0]), 'utf8'), /--accent/);
    });
  }

  test('its development server has the looks that all examples share', async () => {
    const server = await createServer({ root: await copied('chat', 'dev'), logLevel: 'error', server: { port: 0 } });
    try {
      await server.listen();
      const page = await browser.newPage();
      await page.goto(server.resolvedUrls.local[0]);
      const radius = await page
        .locator('button.primary')
        .first()
        .evaluate((button) => getComputedStyle(button).borderRadius);
      assert.equal(radius, '9px');
      await page.close();
    } finally {
      await server.close();
    }
  });

  for (const [name, mode] of [
    ['react-books', 'production'],
    // Strict mode does twice what it does.
    ['react-books', 'development'],
    ['vue-books', 'production'],
    ['vue-books', 'development'],
  ]) {
    test(`${name}, ${mode}: a title renders its row, a new book the list, and neither anything else`, async () => {
      const copy = await copied(name, `${name}-${mode}`);
      const define = {
        'import.meta.env.VITE_GATEWAY': '"/"',
        'process.env.NODE_ENV': JSON.stringify(mode),
      };
      const outDir = join(folder, 'dist');
      await build({ root: copy, mode, define, logLevel: 'error', build: { outDir, emptyOutDir: true } });
      // Browsers ask a site for it.
      await writeFile(join(outDir, 'favicon.ico'), '');
      await inPage(browser, folder, booksWork, '', () => document.querySelectorAll('[data-rid]').length === 5);
    });
  }

  async function copied(name, to) {
    const copy = join(folder, to);
    const filter = (path) => !/node_modules|dist$/.test(path);
    await cp(join(examples, name), copy, { recursive: true, filter });
    return copy;
  }
});

async function booksWork(page, other) {
  const title = page.getByLabel('Title of Emma');
  const list = await page.locator('section .renders').first().textContent();
  const before = await rows(page);
  assert.deepEqual(Object.keys(before), [1, 2, 3, 4, 5].map(rid));
  assert.equal(await page.locator('.connection').textContent(), 'connected');

  // By somebody else, and here: of which the field knows more, the row no more than that.
  await other.call(rid(5), 'set', { title: 'Emma!' });
  await page.getByText('Emma! by Jane Austen').waitFor();
  assert.deepEqual(await rows(page), { ...before, [rid(5)]: before[rid(5)] + 1 });
  await page.getByLabel('Title of Emma!').fill('Persuasion');
  await page.getByLabel('Title of Emma!').press('Enter');
  await page.getByText('Persuasion by Jane Austen').waitFor();
  await page.locator('input[aria-busy=true]').waitFor({ state: 'detached' });
  const edited = { ...before, [rid(5)]: before[rid(5)] + 2 };
  assert.deepEqual(await rows(page), edited);

  // What is refused stays to be mended, or is taken back.
  const refused = page.getByLabel('Title of Dracula');
  await refused.fill('');
  await refused.press('Enter');
  await page.locator(`[data-rid="${rid(4)}"] .note:not(:empty)`).waitFor();
  assert.equal(await refused.getAttribute('aria-invalid'), 'true');
  await refused.press('Escape');
  assert.equal(await refused.inputValue(), 'Dracula');
  assert.deepEqual(await rows(page), edited);
  assert.equal(await page.locator('section .renders').first().textContent(), list);

  await page.getByLabel('Title', { exact: true }).fill('Frankenstein');
  await page.getByLabel('Author').fill('Mary Shelley');
  await page.getByRole('button', { name: 'Add' }).click();
  await page.getByText('Frankenstein by Mary Shelley').waitFor();
  assert.deepEqual(await rows(page), { ...edited, [rid(6)]: 1 });
  assert.equal(count(await page.locator('section .renders').first().textContent()), count(list) + 1);

  await page.getByRole('button', { name: 'Delete Coraline' }).click();
  await page.getByText('Coraline').waitFor({ state: 'detached' });
  const left = { ...edited, [rid(6)]: 1 };
  delete left[rid(3)];
  assert.deepEqual(await rows(page), left);
  assert.equal(count(await page.locator('section .renders').first().textContent()), count(list) + 2);
  assert.equal(await title.count(), 0);
}

/** How often each row has been rendered, by the ID of its book. */
async function rows(page) {
  const shown = await page
    .locator('[data-rid]')
    .evaluateAll((rows) => rows.map((row) => [row.dataset.rid, row.querySelector('.renders').textContent]));
  return Object.fromEntries(shown.map(([rid, text]) => [rid, count(text)]));
}

const count = (text) => Number.parseInt(text, 10);
const rid = (id) => `library.book.${id}`;
