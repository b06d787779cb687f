import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { build, createServer } from 'vite';
import { launch } from './support/browser.mjs';
import { gateway } from './support/gateway.mjs';
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
      await followsChange(server.page, server.webSocket);
    } finally {
      await server.stop();
    }
  });

  test('a URL relative to the page is that of the gateway behind it, also in a worker', async () => {
    const server = await gateway({ resources, www: join(folder, 'dist') });
    try {
      await followsChange(server.page, '/');
      await followsChange(`${server.page}?worker`, '/');
    } finally {
      await server.stop();
    }
  });

  test('the slim entry loads the module from the file that Vite emits', async () => {
    const emitted = await readdir(join(folder, 'dist/assets'));
    assert.equal(emitted.filter((name) => name.endsWith('.wasm')).length, 1, emitted.join());
    const server = await gateway({ resources, www: join(folder, 'dist') });
    try {
      await followsChange(`${server.page}?slim`, server.webSocket);
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
      await followsChange(page, server.webSocket);
      await followsChange(`${page}?slim`, server.webSocket);
    } finally {
      await dev.close();
      await server.stop();
    }
  });

  /** Two windows on one model: what is written in one appears in the other, and neither complains. */
  async function followsChange(address, webSocket) {
    const url = new URL(address);
    url.searchParams.set('gateway', webSocket);
    const complaints = [];
    const open = async () => {
      const page = await browser.newPage();
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
      page.on('requestfailed', (request) => complaints.push(request.url()));
      await page.goto(url.href);
      await page
        .waitForFunction(() => globalThis.model, undefined, { timeout: 30_000 })
        .catch((error) => {
          throw new Error(`${error.message}\n${complaints.join('\n')}`);
        });
      return page;
    };
    const [reader, writer] = [await open(), await open()];
    const message = `written from ${url.href}`;
    await writer.evaluate((text) => globalThis.model.set({ message: text }), message);
    const shown = (text) => document.querySelector('#message').textContent === text;
    await reader.waitForFunction(shown, message);
    assert.equal(await reader.textContent('#message'), message);
    assert.deepEqual(complaints, []);
    await Promise.all([reader.close(), writer.close()]);
  }
});
