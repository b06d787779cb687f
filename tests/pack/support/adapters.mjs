import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'vite';
import { WebSocket } from 'ws';
import { gateway } from './gateway.mjs';
import { node, root } from './project.mjs';

/**
 * Builds a project as it is while it is developed: then frameworks check how they are used, and React mounts twice in
 * strict mode.
 */
export async function buildForDevelopment(folder, { flags = {}, plugins } = {}) {
  const define = { 'process.env.NODE_ENV': '"development"', ...flags };
  await build({ root: folder, logLevel: 'error', define, plugins, build: { minify: false } });
}

/**
 * Opens the built project beside a gateway of its own, and hands `run` the page, once it is ready, and a client of somebody else. Fails
 * when the page complains of anything.
 */
export async function inPage(browser, folder, run, query = '', ready = () => globalThis.page) {
  const { default: ResClient } = await import(join(folder, 'node_modules/resclient-wasm/index.js'));
  const server = await gateway({ www: join(folder, 'dist') });
  const other = new ResClient(() => new WebSocket(server.webSocket));
  const page = await browser.newPage();
  const complaints = [];
  try {
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
    await page.goto(`${server.page}?gateway=${encodeURIComponent(server.webSocket)}${query}`);
    await page.waitForFunction(ready);
    await run(page, other);
    assert.deepEqual(complaints, []);
  } finally {
    await page.close();
    other.disconnect();
    await server.stop();
  }
}

/** Shows other probes in a page. */
export const show = (page, probes, options) =>
  page.evaluate(([probes, options]) => globalThis.page.show(probes, options), [probes, options]);

/** Waits until an element shows a text. */
export const shown = (page, id, text) =>
  page.waitForFunction(([id, text]) => document.getElementById(id)?.textContent.includes(text), [id, text]);

/** Waits until the page has sent a request. */
export const sent = (page, method) => page.waitForFunction((method) => globalThis.page.sent.includes(method), method);

/** The methods of the requests of a page. */
export const requests = (page) => page.evaluate(() => globalThis.page.sent);

/** What the README shows of a framework, as a program for the demo behind the gateway that the page is given. */
export async function readmeExample(installed, heading) {
  const readme = await readFile(join(installed, 'README.md'), 'utf8');
  const [, program] = new RegExp(`^## ${heading}\n\n\`\`\`jsx?\n(.*?)\`\`\`$`, 'ms').exec(readme);
  const address = "'wss://example.com'";
  assert.ok(program.includes(address));
  const gateway = "new URL(location.href).searchParams.get('gateway')";
  return `${program.replace(address, gateway)}\nglobalThis.page = {};\n`;
}

/** The example shows the books, and what happens to one that is clicked. */
export async function exampleWorks(page) {
  const book = page.getByText('Emma');
  await book.click();
  await page.getByText('Emma!').waitFor();
  assert.equal(await page.locator('li').count(), 5);
  assert.equal(await page.getByText('connected').count(), 1);
}

/** The lines that a strict TypeScript complains of in a file of a project; `more` are flags of its own. */
export async function typeErrors(folder, file, ...more) {
  const tsc = join(root, 'node_modules/@typescript/native/bin/tsc');
  const flags = [
    '--noEmit',
    '--strict',
    '--exactOptionalPropertyTypes',
    '--target',
    'es2022',
    '--lib',
    'es2022,dom',
    '--types',
    '',
  ];
  const resolution = ['--module', 'node16', '--moduleResolution', 'node16'];
  const args = [tsc, ...flags, ...resolution, ...more, file];
  try {
    await node(folder, args);
    return [];
  } catch (error) {
    const lines = error.stdout.split('\n').filter((line) => line.includes('error TS'));
    // It may not even have begun.
    if (lines.length === 0) throw error;
    return lines;
  }
}
