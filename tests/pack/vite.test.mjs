import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { build, createServer } from 'vite';
import { launch } from './support/browser.mjs';
import { gateway } from './support/gateway.mjs';
import { followsChange } from './support/page.mjs';
import { project } from './support/project.mjs';

suite('the package in a page made by Vite, without configuration', () => {
  let folder, browser;

  before(async () => {
    ({ folder } = await project('vite', { fixture: 'vite' }));
    await build({ root: folder, logLevel: 'error' });
    browser = await launch();
  });
  after(() => browser?.close());

  const resources = 'tests/pack/fixtures/resources.json';

  test('a build opened in Chromium shows a model and its change', async () => {
    const server = await gateway({ resources, www: join(folder, 'dist') });
    try {
      await followsChange(browser, server.page, server.webSocket);
    } finally {
      await server.stop();
    }
  });

  test('a URL relative to the page is that of the gateway behind it, also in a worker', async () => {
    const server = await gateway({ resources, www: join(folder, 'dist') });
    try {
      await followsChange(browser, server.page, '/');
      await followsChange(browser, `${server.page}?worker`, '/');
    } finally {
      await server.stop();
    }
  });

  test('the slim entry loads the module from the file that Vite emits', async () => {
    const emitted = await readdir(join(folder, 'dist/assets'));
    assert.equal(emitted.filter((name) => name.endsWith('.wasm')).length, 1, emitted.join());
    const server = await gateway({ resources, www: join(folder, 'dist') });
    try {
      await followsChange(browser, `${server.page}?slim`, server.webSocket);
    } finally {
      await server.stop();
    }
  });

  test('the dev server opened in Chromium shows a model and its change', async () => {
    const server = await gateway({ resources });
    const dev = await createServer({ root: folder, logLevel: 'error', server: { host: '127.0.0.1', port: 0 } });
    try {
      await dev.listen();
      const [page] = dev.resolvedUrls.local;
      await followsChange(browser, page, server.webSocket);
      await followsChange(browser, `${page}?slim`, server.webSocket);
    } finally {
      await dev.close();
      await server.stop();
    }
  });
});
