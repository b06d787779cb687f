import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import vue from '@vitejs/plugin-vue';
import { build } from 'vite';
import {
  buildForDevelopment,
  exampleWorks,
  inPage,
  readmeExample,
  requests,
  sent,
  show,
  shown,
  typeErrors,
} from './support/adapters.mjs';
import { launch } from './support/browser.mjs';
import { node, project, root } from './support/project.mjs';

suite('the composables of resclient-wasm/vue', () => {
  let folder, browser;

  before(async () => {
    ({ folder } = await project('vue', { fixture: 'vue' }));
    // Vue asks those who bundle it to say so.
    const flags = {
      __VUE_OPTIONS_API__: 'false',
      __VUE_PROD_DEVTOOLS__: 'false',
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
    };
    await buildForDevelopment(folder, { flags, plugins: [vue()] });
    browser = await launch();
  });
  after(() => browser?.close());

  const inBrowser = (name, run, query) => test(name, () => inPage(browser, folder, run, query));
  const [BOOK, OTHER, BOOKS] = ['library.book.1', 'library.book.2', 'library.books'];

  for (const entry of ['resclient-wasm', 'resclient-wasm/slim']) {
    const query = entry.endsWith('slim') ? '&slim' : '';
    inBrowser(
      `a model and a collection by ${entry} follow what others write`,
      async (page, other) => {
        await show(page, [
          { id: 'book', use: 'useModel', rid: BOOK },
          { id: 'books', use: 'useCollection', rid: BOOKS },
          { id: 'either', use: 'useResource', rid: BOOKS },
        ]);
        await shown(page, 'book', 'Animal Farm');
        await other.call(BOOK, 'set', { title: 'Burmese Days' });
        await shown(page, 'book', 'Burmese Days');
        await other.call(BOOKS, 'new', { title: 'Frankenstein', author: 'Mary Shelley' });
        await page.waitForFunction(() => globalThis.page.results.either.data.value?.length === 6);
        const seen = await page.evaluate(() => {
          const { book, books, either } = globalThis.page.results;
          return {
            book: book.data.value,
            live: book.resource.value === books.data.value[0] && books.resource.value === either.resource.value,
            added: books.data.value[5].title,
            array: Array.isArray(books.data.value),
          };
        });
        assert.deepEqual(seen, {
          book: { id: 1, title: 'Burmese Days', author: 'George Orwell' },
          live: true,
          added: 'Frankenstein',
          array: true,
        });
      },
      query,
    );
  }

  inBrowser('components subscribe once for a resource, and unsubscribe when the last is gone', async (page) => {
    const probe = (id) => ({ id, use: 'useModel', rid: BOOK });
    await show(page, [probe('first'), probe('second')]);
    await shown(page, 'first', 'Animal Farm');
    await show(page, [probe('third')]);
    await shown(page, 'third', 'Animal Farm');
    await show(page, []);
    await sent(page, `unsubscribe.${BOOK}`);
    assert.deepEqual(await requests(page), ['version', `subscribe.${BOOK}`, `unsubscribe.${BOOK}`]);
  });

  inBrowser('nothing is rendered without a change of what is shown', async (page, other) => {
    await show(page, [
      { id: 'book', use: 'useModel', rid: BOOK },
      { id: 'other', use: 'useModel', rid: OTHER },
      { id: 'books', use: 'useCollection', rid: BOOKS },
    ]);
    await shown(page, 'book', 'Animal Farm');
    await shown(page, 'books', 'Animal Farm');
    await other.call(OTHER, 'set', { title: 'Island' });
    await shown(page, 'other', 'Island');
    assert.deepEqual(await renders(page, 'book'), ['pending', 'success']);
    assert.deepEqual(await renders(page, 'books'), ['pending', 'success']);
    assert.deepEqual(await renders(page, 'other'), ['pending', 'success', 'success']);
  });

  inBrowser('what changes in one task is one render', async (page, other) => {
    await show(page, [{ id: 'books', use: 'useCollection', rid: BOOKS }]);
    await shown(page, 'books', 'Animal Farm');
    await page.evaluate(() => globalThis.page.client.disconnect());
    await other.call(BOOKS, 'delete', { id: 2 });
    for (const title of ['One', 'Two', 'Three']) await other.call(BOOKS, 'new', { title, author: 'Anonymous' });
    await page.evaluate(() => globalThis.page.client.connect());
    await page.waitForFunction(() => globalThis.page.results.books.data.value.length === 7);
    await shown(page, 'books', 'Three');
    assert.deepEqual(await renders(page, 'books'), ['pending', 'success', 'success']);
  });

  inBrowser('another resource ID releases the resource, and none asks for nothing', async (page) => {
    const probe = (rid) => [{ id: 'book', use: 'useModel', rid }];
    await show(page, probe(null));
    await shown(page, 'book', 'pending');
    assert.equal(await page.evaluate(() => globalThis.page.results.book.isLoading.value), false);
    assert.deepEqual(await requests(page), []);
    await show(page, probe(BOOK));
    await shown(page, 'book', 'Animal Farm');
    await show(page, probe(OTHER));
    await sent(page, `unsubscribe.${BOOK}`);
    await shown(page, 'book', 'Brave New World');
    await show(page, probe(undefined));
    await sent(page, `unsubscribe.${OTHER}`);
    await shown(page, 'book', 'pending');
    assert.deepEqual(await requests(page), [
      'version',
      `subscribe.${BOOK}`,
      `subscribe.${OTHER}`,
      `unsubscribe.${BOOK}`,
      `unsubscribe.${OTHER}`,
    ]);
  });

  inBrowser('a resource that is deleted shows the error and what it was', async (page, other) => {
    await show(page, [{ id: 'book', use: 'useModel', rid: BOOK }]);
    await shown(page, 'book', 'Animal Farm');
    await other.call(BOOKS, 'delete', { id: 1 });
    await shown(page, 'book', 'system.deleted');
    const seen = await page.evaluate(() => {
      const { status, isError, error, data, resource } = globalThis.page.results.book;
      const known = globalThis.page.isResError(error.value);
      return [status.value, isError.value, known, data.value.title, resource.value];
    });
    assert.deepEqual(seen, ['error', true, true, 'Animal Farm', undefined]);
  });

  inBrowser('a failed get shows the error, and is tried again with the next connection', async (page, other) => {
    await show(page, [{ id: 'book', use: 'useModel', rid: 'library.book.6' }]);
    await shown(page, 'book', 'system.notFound');
    await other.call(BOOKS, 'new', { title: 'Frankenstein', author: 'Mary Shelley' });
    await page.evaluate(() => {
      globalThis.page.client.disconnect();
      return globalThis.page.client.connect();
    });
    await shown(page, 'book', 'Frankenstein');
    const subscribe = 'subscribe.library.book.6';
    assert.deepEqual(await requests(page), ['version', subscribe, 'version', subscribe]);
    assert.deepEqual(await renders(page, 'book'), ['pending', 'error', 'success']);
  });

  inBrowser('a failed get is tried again when asked to', async (page, other) => {
    await show(page, [{ id: 'book', use: 'useModel', rid: 'library.book.6' }]);
    await shown(page, 'book', 'system.notFound');
    await other.call(BOOKS, 'new', { title: 'Frankenstein', author: 'Mary Shelley' });
    await page.evaluate(() => globalThis.page.results.book.refetch());
    await shown(page, 'book', 'Frankenstein');
  });

  inBrowser('what is asked for by a component once it is mounted is followed', async (page, other) => {
    await show(page, [], { late: true });
    const title = (title) =>
      page.waitForFunction((title) => globalThis.page.results.late?.data.value?.title === title, title);
    await title('Animal Farm');
    await other.call(BOOK, 'set', { title: 'Burmese Days' });
    await title('Burmese Days');
    await show(page, []);
    await sent(page, `unsubscribe.${BOOK}`);
  });

  inBrowser('what a list brought along is there in the first render, without a request', async (page) => {
    await show(page, [], { books: true });
    await shown(page, OTHER, 'Brave New World');
    assert.deepEqual(await renders(page, BOOK), ['success']);
    assert.deepEqual(await requests(page), ['version', `subscribe.${BOOKS}`]);
  });

  inBrowser(
    'a template follows reactive models and collections, as applications with resclient make them',
    async (page, other) => {
      await show(page, [], { shelf: true });
      await shown(page, 'shelf', 'Animal Farm by George Orwell');
      await page.evaluate(async (rid) => {
        const { client } = globalThis.page;
        const model = await client.get(rid);
        const books = await client.get('library.books');
        globalThis.seen = { model, books, changes: [], same: () => books.atIndex(0) === model };
        globalThis.seen.heard = (old, target) => globalThis.seen.changes.push([old.title, target === model]);
        model.on('change', globalThis.seen.heard);
      }, BOOK);
      await other.call(BOOK, 'set', { title: 'Burmese Days' });
      await shown(page, 'shelf', 'Burmese Days by George Orwell');
      await other.call(BOOKS, 'new', { title: 'Frankenstein', author: 'Mary Shelley' });
      await shown(page, 'shelf', 'Frankenstein by Mary Shelley');
      await other.call(BOOKS, 'delete', { id: 2 });
      await page.waitForFunction(() => document.querySelectorAll('#shelf li').length === 5);

      await page.evaluate(() => globalThis.page.client.disconnect());
      await other.call(BOOK, 'set', { title: 'Homage', author: 'Orwell' });
      await other.call(BOOKS, 'new', { title: 'Walden', author: 'Henry David Thoreau' });
      await page.evaluate(() => globalThis.page.client.connect());
      await shown(page, 'shelf', 'Homage by Orwell');
      await shown(page, 'shelf', 'Walden by Henry David Thoreau');
      const seen = await page.evaluate(async (rid) => {
        const { model, books, changes, heard, same } = globalThis.seen;
        const { client } = globalThis.page;
        model.off('change', heard);
        return [same(), model === (await client.get(rid)), books === client.getCached('library.books'), changes];
      }, BOOK);
      const changes = [
        ['Animal Farm', true],
        ['Burmese Days', true],
      ];
      assert.deepEqual(seen, [true, true, true, changes]);
      await show(page, []);
      await sent(page, `unsubscribe.${BOOKS}`);
    },
    '&reactive',
  );

  inBrowser('the state of the connection is shown', async (page) => {
    await shown(page, 'connection', 'idle');
    await page.evaluate(() => globalThis.page.client.connect());
    await shown(page, 'connection', 'connected');
    await page.evaluate(() => globalThis.page.client.disconnect());
    await shown(page, 'connection', 'closed');
  });

  test('the example of the README works', async () => {
    const { folder, installed } = await project('vue-readme');
    const page = await readFile(join(root, 'tests/pack/fixtures/vue/index.html'), 'utf8');
    await writeFile(join(folder, 'index.html'), page.replace('/main.js', '/main.js'));
    await writeFile(join(folder, 'main.js'), await readmeExample(installed, 'Vue'));
    await build({ root: folder, logLevel: 'error' });
    await inPage(browser, folder, exampleWorks);
  });

  test('a page made on a server asks for nothing, and shows that it waits', async () => {
    const { html, sockets, state, refusal } = JSON.parse(await node(folder, ['server.mjs']));
    assert.equal(html.replaceAll('&quot;', '"'), '<p class="idle">["pending",null,true,false,"idle"]</p>');
    assert.deepEqual([sockets, state], [0, 'idle']);
    assert.match(refusal, /^There is no client: give one, /);
  });

  inBrowser('a page made on a server is taken over as it is, and then shows what there is', async (page) => {
    const { html } = JSON.parse(await node(folder, ['server.mjs']));
    await page.evaluate(async (rid) => {
      const { client } = globalThis.page;
      (await client.get(rid)).on();
      await client.connect();
    }, BOOK);
    await page.evaluate((html) => globalThis.page.hydrate(html), html);
    await shown(page, 'hydrated', 'Animal Farm');
    const [state, text] = await page
      .locator('#hydrated p')
      .evaluate(({ className, textContent }) => [className, textContent]);
    const book = { id: 1, title: 'Animal Farm', author: 'George Orwell' };
    assert.equal(state, 'connected');
    assert.deepEqual(JSON.parse(text), ['success', book, false, false, 'connected']);
  });

  inBrowser(
    'a page that a server made of what it was given is taken over as it is, and then follows',
    async (page, other) => {
      const { given } = JSON.parse(await node(folder, ['server.mjs']));
      const before = '["pending","as it was",true,2,"idle"]';
      assert.ok(given.replaceAll('&quot;', '"').includes(`<p>${before}</p><p title="as it was">as it was</p>`), given);
      const kept = await page.evaluate(
        async ([html, rid]) => {
          const { client, hydrate } = globalThis.page;
          // What the browser knows already is not what the server has made.
          (await client.get(rid)).on();
          await client.connect();
          hydrate(html, 'Given');
          globalThis.made = document.querySelector('#hydrated p');
          return globalThis.made.textContent;
        },
        [given, BOOK],
      );
      assert.equal(kept, before);
      await shown(page, 'hydrated', '["success","Animal Farm",false,5,"idle"]Animal Farm');
      await other.call(BOOK, 'set', { title: 'Burmese Days' });
      await shown(page, 'hydrated', '["success","Burmese Days",false,5,"idle"]Burmese Days');
      assert.ok(await page.evaluate(() => globalThis.made === document.querySelector('#hydrated p')));
    },
  );

  test('a schema that is registered types what is answered, and refuses what it does not describe', async () => {
    assert.deepEqual(await typeErrors(folder, 'registered.ts'), []);
  });

  test('a strict program compiles, and a wrong one does not', async () => {
    assert.deepEqual(await typeErrors(folder, 'typed.ts'), []);
    const lines = (await typeErrors(folder, 'wrong.ts')).map((line) => /^wrong\.ts\((\d+),/.exec(line)?.[1]);
    assert.deepEqual(lines, ['7', '9', '10', '13']);
  });
});

/** The status in every render of a probe. */
const renders = (page, id) => page.evaluate((id) => globalThis.page.history[id], id);
