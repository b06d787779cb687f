import assert from 'node:assert/strict';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
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
import { installLocked, node, project, root } from './support/project.mjs';

let folder, browser;

before(async () => {
  ({ folder } = await project('react', { fixture: 'react' }));
  browser = await launch();
});
after(() => browser?.close());

for (const major of [18, 19]) {
  suite(`the hooks of resclient-wasm/react in React ${major}`, () => hooks(major));
}

function hooks(major) {
  let built;

  before(async () => {
    built = folder;
    if (major === 18) {
      ({ folder: built } = await project('react18', { fixture: 'react' }));
      const old = join(root, 'target/react18');
      await installLocked(join(root, 'tests/pack/react18'), old);
      for (const name of ['react', 'react-dom']) {
        await symlink(join(old, 'node_modules', name), join(built, 'node_modules', name), 'junction');
      }
    }
    await buildForDevelopment(built);
  });

  const inBrowser = (name, run, query) => test(name, () => inPage(browser, built, run, query));
  const [BOOK, OTHER, BOOKS] = ['library.book.1', 'library.book.2', 'library.books'];

  test('it is that React', () =>
    inPage(browser, built, async (page) => {
      assert.match(await page.evaluate(() => globalThis.page.version), new RegExp(`^${major}\\.`));
    }));

  for (const entry of ['resclient-wasm', 'resclient-wasm/slim']) {
    const query = entry.endsWith('slim') ? '&slim' : '';
    inBrowser(
      `a model and a collection by ${entry} follow what others write`,
      async (page, other) => {
        await show(page, [
          { id: 'book', hook: 'useModel', rid: BOOK },
          { id: 'books', hook: 'useCollection', rid: BOOKS },
          { id: 'either', hook: 'useResource', rid: BOOKS },
        ]);
        await shown(page, 'book', 'Animal Farm');
        await other.call(BOOK, 'set', { title: 'Burmese Days' });
        await shown(page, 'book', 'Burmese Days');
        await other.call(BOOKS, 'new', { title: 'Frankenstein', author: 'Mary Shelley' });
        await page.waitForFunction(() => globalThis.page.results.either.data?.length === 6);
        const seen = await page.evaluate(() => {
          const { book, books, either } = globalThis.page.results;
          return {
            book: book.data,
            plain: Object.getPrototypeOf(book.data) === Object.prototype,
            live: book.resource === books.data[0] && books.resource === either.resource,
            added: books.data[5].title,
            array: Array.isArray(books.data),
          };
        });
        assert.deepEqual(seen, {
          book: { id: 1, title: 'Burmese Days', author: 'George Orwell' },
          plain: true,
          live: true,
          added: 'Frankenstein',
          array: true,
        });
      },
      query,
    );
  }

  inBrowser('a component that strict mode mounts twice subscribes once, and unsubscribes once', async (page) => {
    await show(page, [{ id: 'book', hook: 'useModel', rid: BOOK }], { strict: true });
    await shown(page, 'book', 'Animal Farm');
    assert.equal(await page.evaluate(() => globalThis.page.mounts.book), 2);
    await show(page, [], { strict: true });
    await sent(page, `unsubscribe.${BOOK}`);
    assert.deepEqual(await requests(page), ['version', `subscribe.${BOOK}`, `unsubscribe.${BOOK}`]);
  });

  inBrowser('nothing is rendered without a change of what is shown', async (page, other) => {
    await show(page, [
      { id: 'book', hook: 'useModel', rid: BOOK },
      { id: 'other', hook: 'useModel', rid: OTHER },
      { id: 'books', hook: 'useCollection', rid: BOOKS },
    ]);
    await shown(page, 'book', 'Animal Farm');
    await shown(page, 'books', 'Animal Farm');
    await other.call(OTHER, 'set', { title: 'Island' });
    await shown(page, 'other', 'Island');
    assert.deepEqual(await statuses(page, 'book'), ['pending', 'success']);
    assert.deepEqual(await statuses(page, 'books'), ['pending', 'success']);
    assert.deepEqual(await statuses(page, 'other'), ['pending', 'success', 'success']);
  });

  inBrowser('a component that selects renders for what it selects alone', async (page, other) => {
    await show(page, [
      { id: 'title', hook: 'useModel', rid: BOOK, select: 'title' },
      { id: 'author', hook: 'useModel', rid: BOOK, select: 'author' },
      { id: 'count', hook: 'useCollection', rid: BOOKS, select: 'count' },
      { id: 'inline', hook: 'useInline', rid: BOOK },
      { id: 'book', hook: 'useModel', rid: BOOK },
    ]);
    await shown(page, 'book', 'Animal Farm');
    await shown(page, 'count', '5');
    for (const title of ['One', 'Two', 'Three']) {
      await other.call(BOOK, 'set', { title });
      await shown(page, 'book', title);
    }
    await shown(page, 'title', 'Three');
    const datas = (id) => page.evaluate((id) => globalThis.page.history[id].map(({ data }) => data), id);
    assert.deepEqual(await datas('title'), [undefined, 'Animal Farm', 'One', 'Two', 'Three']);
    assert.deepEqual(await datas('author'), [undefined, { author: 'George Orwell' }]);
    assert.deepEqual(await datas('count'), [undefined, 5]);
    const written = ['Animal Farm', 'One', 'Two', 'Three'].map((title) => `written: ${title}`);
    assert.deepEqual(await datas('inline'), [undefined, ...written]);
    assert.equal((await datas('book')).length, 5);
  });

  inBrowser('who wants to know is told that data are stale, and nobody else', async (page) => {
    await show(page, [
      { id: 'stale', hook: 'useStale', rid: BOOK },
      { id: 'selected', hook: 'useStale', rid: BOOK, select: 'title' },
      { id: 'book', hook: 'useModel', rid: BOOK },
    ]);
    await shown(page, 'book', 'Animal Farm');
    await page.evaluate(() => globalThis.page.client.disconnect());
    await shown(page, 'connection', 'closed');
    for (const id of ['stale', 'selected']) await shown(page, id, 'stale');
    await page.evaluate(() => globalThis.page.client.connect());
    for (const id of ['stale', 'selected']) await shown(page, id, 'fresh');
    const log = ['fresh', 'fresh', 'stale', 'fresh'];
    assert.deepEqual(await statuses(page, 'stale'), log);
    assert.deepEqual(await statuses(page, 'selected'), log);
    assert.deepEqual(await statuses(page, 'book'), ['pending', 'success']);
  });

  inBrowser('what is given is shown until the resource is there', async (page) => {
    await show(page, [
      { id: 'book', hook: 'useModel', rid: BOOK, fallbackData: { title: 'as it was' } },
      { id: 'title', hook: 'useModel', rid: BOOK, fallbackData: { title: 'as it was' }, select: 'title' },
    ]);
    await shown(page, 'title', 'Animal Farm');
    assert.deepEqual(await statuses(page, 'book'), ['pending', 'success']);
    const first = () => ['book', 'title'].map((id) => globalThis.page.history[id][0].data);
    assert.deepEqual(await page.evaluate(first), [{ title: 'as it was' }, 'as it was']);
  });

  inBrowser('a component below Suspense waits, and follows', async (page, other) => {
    const book = { as: 'Waiting', id: 'book', hook: 'useSuspenseModel', rid: BOOK };
    const count = { as: 'Waiting', id: 'count', hook: 'useSuspenseCollection', rid: BOOKS, select: 'count' };
    await show(page, [book, count]);
    await shown(page, 'book', 'Animal Farm');
    await shown(page, 'count', '5');
    await other.call(BOOK, 'set', { title: 'Homage' });
    await shown(page, 'book', 'Homage');
    const asked = ['version', `subscribe.${BOOK}`, `subscribe.${BOOKS}`];
    assert.deepEqual(await requests(page), asked);
    const titles = () => globalThis.page.history.book.map(({ data }) => data.title);
    assert.deepEqual([...new Set(await page.evaluate(titles))], ['Animal Farm', 'Homage']);
    await show(page, []);
    await sent(page, `unsubscribe.${BOOK}`);
  });

  inBrowser('a component below Suspense waits for a connection, the first one and any other', async (page) => {
    for (const [id, rid, text] of [
      ['book', BOOK, 'Animal Farm'],
      ['other', OTHER, 'Brave New World'],
    ]) {
      await page.evaluate(() => {
        globalThis.page.attempts = 0;
        globalThis.page.client.disconnect();
      });
      await show(page, [{ as: 'Waiting', id, hook: 'useSuspenseModel', rid }]);
      await page.waitForFunction(() => globalThis.page.attempts > 1);
      await shown(page, id, 'waiting');
      await page.evaluate(() => delete globalThis.page.attempts);
      await shown(page, id, text);
    }
  });

  const boundary = async (page) => {
    await show(page, [{ as: 'Waiting', id: 'none', hook: 'useSuspenseModel', rid: 'library.book.99' }]);
    await shown(page, 'none', 'system.notFound');
    const asked = async () => (await requests(page)).filter((method) => method.endsWith('.99')).length;
    assert.equal(await asked(), 1);
    // For a moment it may still be the same try.
    while ((await asked()) < 2) await page.click('#none');
    await shown(page, 'none', 'system.notFound');
  };
  const ended = async (page) => {
    await page.evaluate(() => (globalThis.page.attempts = 0));
    await show(page, [{ as: 'Waiting', id: 'book', hook: 'useSuspenseModel', rid: BOOK }]);
    await page.waitForFunction(() => globalThis.page.attempts > 0);
    await page.evaluate(() => globalThis.page.client.disconnect());
    await shown(page, 'book', 'system.');
    await page.evaluate(() => delete globalThis.page.attempts);
    await page.click('#book');
    await shown(page, 'book', 'Animal Farm');
  };
  // Older ones report what a boundary catches as an error of the page, too.
  if (major >= 19) inBrowser('a component below Suspense waits for no connection that is not to be', ended);
  if (major >= 19) inBrowser('a boundary is told why a component need not wait, and may try again', boundary);

  inBrowser('a call is pending, and then what it came to', async (page) => {
    await show(page, [
      { as: 'Call', id: 'set', rid: BOOK, method: 'set' },
      { as: 'Call', id: 'wrong', rid: BOOK, method: 'missing' },
      { id: 'book', hook: 'useModel', rid: BOOK },
    ]);
    await shown(page, 'set', 'idle');
    await shown(page, 'book', 'Animal Farm');
    await page.evaluate(() => void globalThis.page.calls.set.call({ title: 'Coming Up' }));
    await shown(page, 'set', 'success');
    await shown(page, 'book', 'Coming Up');
    assert.deepEqual(await statuses(page, 'set'), ['idle', 'pending', 'success']);
    // Nobody waits for it, and nothing is complained of.
    await page.evaluate(() => void globalThis.page.calls.wrong.call());
    await shown(page, 'wrong', 'system.methodNotFound');
    const code = () => globalThis.page.calls.wrong.call().catch((error) => error.code);
    assert.equal(await page.evaluate(code), 'system.methodNotFound');
    await page.evaluate(() => globalThis.page.calls.wrong.reset());
    await shown(page, 'wrong', 'idle');
    const aborted = () => {
      const { set } = globalThis.page.calls;
      const called = set.call({ title: 'Given up' }).catch((error) => error.name);
      set.abort();
      return called;
    };
    assert.equal(await page.evaluate(aborted), 'AbortError');
    await shown(page, 'set', 'idle');
  });

  inBrowser('a render for another reason finds the very same result', async (page) => {
    const probes = [{ id: 'book', hook: 'useModel', rid: BOOK }];
    await show(page, probes);
    await shown(page, 'book', 'Animal Farm');
    await show(page, probes);
    await page.waitForFunction(() => globalThis.page.history.book.length === 3);
    assert.ok(await page.evaluate(() => globalThis.page.history.book[1] === globalThis.page.history.book[2]));
  });

  inBrowser('many events in one task are one render', async (page, other) => {
    await show(page, [{ id: 'books', hook: 'useCollection', rid: BOOKS }]);
    await shown(page, 'books', 'Animal Farm');
    await page.evaluate(() => globalThis.page.client.disconnect());
    await other.call(BOOKS, 'delete', { id: 2 });
    for (const title of ['One', 'Two', 'Three']) await other.call(BOOKS, 'new', { title, author: 'Anonymous' });
    const events = await page.evaluate(async () => {
      const { client, results } = globalThis.page;
      let count = 0;
      results.books.resource.on('add remove', () => (count += 1));
      await client.connect();
      return new Promise((resolve) => {
        results.books.resource.on('add', () => setTimeout(() => resolve(count)));
      });
    });
    assert.equal(events, 4);
    await page.waitForFunction(() => globalThis.page.results.books.data.length === 7);
    assert.deepEqual(await statuses(page, 'books'), ['pending', 'success', 'success']);
  });

  inBrowser('another resource ID releases the resource, and none asks for nothing', async (page) => {
    const probe = (rid) => [{ id: 'book', hook: 'useModel', rid }];
    await show(page, probe(null));
    await shown(page, 'book', 'pending');
    assert.equal(await page.evaluate(() => globalThis.page.results.book.isLoading), false);
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

  // Older ones hide nothing.
  if (major >= 19)
    inBrowser(
      'what was hidden until its resource was released waits for the resource that is there now',
      async (page, other) => {
        const probes = [{ id: 'book', hook: 'useModel', rid: BOOK }];
        await show(page, probes);
        await shown(page, 'book', 'Animal Farm');
        await show(page, probes, { hidden: true });
        await sent(page, `unsubscribe.${BOOK}`);
        await page.waitForFunction((rid) => !globalThis.page.client.getCached(rid), BOOK);
        await other.call(BOOK, 'set', { title: 'Burmese Days' });
        const before = await page.evaluate(() => globalThis.page.history.book.length);
        await show(page, probes);
        await shown(page, 'book', 'Burmese Days');
        const [first, ...others] = (await statuses(page, 'book')).slice(before);
        assert.deepEqual([first, others.at(-1)], ['pending', 'success']);
        await page.evaluate(() => globalThis.page.results.book.resource.on().off());
      },
    );

  inBrowser('a resource that is deleted shows the error and what it was', async (page, other) => {
    await show(page, [{ id: 'book', hook: 'useModel', rid: BOOK }]);
    await shown(page, 'book', 'Animal Farm');
    await other.call(BOOKS, 'delete', { id: 1 });
    await shown(page, 'book', 'system.deleted');
    const seen = await page.evaluate(() => {
      const { status, isError, error, data, resource } = globalThis.page.results.book;
      return [status, isError, globalThis.page.isResError(error), data.title, resource];
    });
    assert.deepEqual(seen, ['error', true, true, 'Animal Farm', undefined]);
  });

  inBrowser('a resource that only a list had shows that it is not to be had any more', async (page, other) => {
    await show(page, [], { books: true });
    await shown(page, BOOK, 'Animal Farm');
    await show(page, [{ id: 'book', hook: 'useModel', rid: BOOK }], { books: true });
    await shown(page, 'book', 'Animal Farm');
    await other.call(BOOKS, 'delete', { id: 1 });
    await shown(page, 'book', 'system.notFound');
  });

  inBrowser('a failed get shows the error, and is tried again with the next connection', async (page, other) => {
    await show(page, [{ id: 'book', hook: 'useModel', rid: 'library.book.6' }]);
    await shown(page, 'book', 'system.notFound');
    await other.call(BOOKS, 'new', { title: 'Frankenstein', author: 'Mary Shelley' });
    await page.evaluate(() => {
      globalThis.page.client.disconnect();
      return globalThis.page.client.connect();
    });
    await shown(page, 'book', 'Frankenstein');
    const subscribe = 'subscribe.library.book.6';
    assert.deepEqual(await requests(page), ['version', subscribe, 'version', subscribe]);
    assert.deepEqual(await statuses(page, 'book'), ['pending', 'error', 'success']);
  });

  inBrowser('a failed get is tried again when asked to', async (page, other) => {
    await show(page, [{ id: 'book', hook: 'useModel', rid: 'library.book.6' }]);
    await shown(page, 'book', 'system.notFound');
    await other.call(BOOKS, 'new', { title: 'Frankenstein', author: 'Mary Shelley' });
    await page.evaluate(() => globalThis.page.results.book.refetch());
    await shown(page, 'book', 'Frankenstein');
  });

  inBrowser('what a list brought along is there in the first render, without a request', async (page) => {
    await show(page, [], { books: true });
    await shown(page, OTHER, 'Brave New World');
    assert.deepEqual(await statuses(page, BOOK), ['success']);
    assert.deepEqual(await requests(page), ['version', `subscribe.${BOOKS}`]);
  });

  inBrowser(
    'a page that a server made of what it was given is taken over as it is, and then follows',
    async (page, other) => {
      const { page: html } = JSON.parse(await node(built, ['server.mjs']));
      const before = '["pending","as it was",true,2,"idle","idle"]';
      assert.equal(html.replaceAll('&quot;', '"'), `<p>${before}</p><p title="as it was">as it was</p>`);
      const kept = await page.evaluate(
        async ([html, rid]) => {
          const { client, hydrate } = globalThis.page;
          // What the browser knows already is not what the server has made.
          (await client.get(rid)).on();
          await client.connect();
          hydrate(html);
          globalThis.made = document.querySelector('#hydrated p');
          return globalThis.made.textContent;
        },
        [html, BOOK],
      );
      assert.equal(kept, before);
      await shown(page, 'hydrated', '["success","Animal Farm",false,5,"connected","idle"]Animal Farm');
      await other.call(BOOK, 'set', { title: 'Burmese Days' });
      await shown(page, 'hydrated', '["success","Burmese Days",false,5,"connected","idle"]Burmese Days');
      assert.ok(await page.evaluate(() => globalThis.made === document.querySelector('#hydrated p')));
    },
  );

  inBrowser('the state of the connection is shown', async (page) => {
    await show(page, []);
    await shown(page, 'connection', 'idle');
    await page.evaluate(() => globalThis.page.client.connect());
    await shown(page, 'connection', 'connected');
    await page.evaluate(() => globalThis.page.client.disconnect());
    await shown(page, 'connection', 'closed');
  });
}

suite('resclient-wasm/react as its README has it, on a server and in TypeScript', () => {
  test('the example of the README works', async () => {
    const { folder, installed } = await project('react-readme');
    const page = await readFile(join(root, 'tests/pack/fixtures/react/index.html'), 'utf8');
    await writeFile(join(folder, 'index.html'), page.replace('/main.js', '/main.jsx'));
    await writeFile(join(folder, 'main.jsx'), await readmeExample(installed, 'React'));
    await build({ root: folder, logLevel: 'error' });
    await inPage(browser, folder, exampleWorks);
  });

  test('the example of the README of the project waits, shows a book, and says why there is none', async () => {
    const { folder } = await project('react-root-readme');
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    const [, example] = /^## React.*?^```jsx\n(.*?)^```$/ms.exec(readme);
    const use = `import { createRoot } from 'react-dom/client';
      import { ResProvider } from 'resclient-wasm/react';
      import ResClient from 'resclient-wasm';
      const client = new ResClient(new URL(location.href).searchParams.get('gateway'));
      const app = document.querySelector('#app');
      const seen = [];
      new MutationObserver(() => seen.push(app.innerText)).observe(app, { childList: true, subtree: true, characterData: true });
      createRoot(app).render(
        <ResProvider client={client}>
          {['library.book.1', 'library.book.99'].map((rid) => <Book key={rid} rid={rid} />)}
        </ResProvider>,
      );
      globalThis.page = { seen };`;
    const page = await readFile(join(root, 'tests/pack/fixtures/react/index.html'), 'utf8');
    await writeFile(join(folder, 'index.html'), page.replace('/main.js', '/main.jsx'));
    await writeFile(join(folder, 'main.jsx'), `${example}\n${use}`);
    await build({ root: folder, logLevel: 'error' });
    await inPage(browser, folder, async (page) => {
      await page.getByText('Animal Farm by George Orwell').waitFor();
      await page.getByText('Not found').waitFor();
      assert.equal(await page.evaluate(() => globalThis.page.seen[0]), '…\n…');
    });
  });

  test('the example of the README that registers a schema compiles', async () => {
    const readme = await readFile(join(folder, 'node_modules/resclient-wasm/README.md'), 'utf8');
    const section = (heading) => readme.split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
    const examples = ['Types', 'React'].map((heading) => /^```ts\n(.*?)^```$/ms.exec(section(heading))[1]);
    const use = `import { useModel } from 'resclient-wasm/react';
      export const { title, vote }: { title: string | undefined; vote(): Promise<number> | undefined } = useTitle(1);`;
    await writeFile(join(folder, 'readme.ts'), [...examples, use].join('\n'));
    assert.deepEqual(await typeErrors(folder, 'readme.ts'), []);
  });

  test('a page made on a server asks for nothing, but what suspends, and shows what is given or that it waits', async () => {
    const { html, sockets, state, refusal, given, waited } = JSON.parse(await node(folder, ['server.mjs']));
    assert.equal(html.replaceAll('&quot;', '"'), '<p>["pending",null,true,false,"idle"]</p>');
    assert.deepEqual([sockets, state], [0, 'idle']);
    assert.match(refusal, /no ResProvider/);
    assert.equal(given.replaceAll('&quot;', '"'), '<p>["pending","as it was",true]</p>');
    for (const page of waited) assert.match(page.replaceAll('&quot;', '"'), /<p>\["Emma",null\]<\/p>/);
  });

  test('a schema that is registered types what is answered, and refuses what it does not describe', async () => {
    assert.deepEqual(await typeErrors(folder, 'registered.ts'), []);
  });

  test('a strict program compiles, and a wrong one does not', async () => {
    assert.deepEqual(await typeErrors(folder, 'typed.ts'), []);
    const lines = (await typeErrors(folder, 'wrong.ts')).map((line) => /^wrong\.ts\((\d+),/.exec(line)?.[1]);
    assert.deepEqual(lines, ['7', '10', '11', '16', '17', '20']);
  });
});

/** The status in every render of a probe. */
const statuses = (page, id) => page.evaluate((id) => globalThis.page.history[id].map(({ status }) => status), id);
