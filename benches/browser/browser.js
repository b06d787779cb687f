import { createServer } from 'node:http';
import { chromium } from 'playwright-core';

/** A headless Chromium and a server for its pages; `scripts` are their texts by path. */
export async function openBrowser(scripts) {
  const server = createServer((request, response) => serve(scripts, request, response));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
    ].concat(['--disable-component-update', '--disable-sync', '--js-flags=--expose-gc']),
  });
  return {
    version: browser.version(),
    address: `http://127.0.0.1:${server.address().port}/`,
    newPage: async () => (await browser.newContext()).newPage(),
    close: async () => {
      await browser.close();
      server.close();
    },
  };
}

/** Runs `work` in a fresh page, whose code was never run before; errors in the page are errors here. */
export async function inPage(browser, client, work) {
  const page = await browser.newPage();
  let failed;
  let timer;
  const failure = new Promise((_, reject) => (failed = reject));
  failure.catch(() => undefined);
  page.on('pageerror', failed);
  page.on('crash', () => failed(new Error('the page crashed')));
  page.on('console', (message) => {
    if (message.type() === 'error') failed(new Error(`the page says: ${message.text()}`));
  });
  try {
    await page.goto(`${browser.address}?${client}`);
    await page.waitForFunction(() => 'bench' in globalThis);
    timer = setTimeout(failed, LIMIT, new Error(`no result within ${LIMIT / 60_000} minutes`));
    return await Promise.race([work(page), failure]);
  } finally {
    clearTimeout(timer);
    await page.context().close();
  }
}

function serve(scripts, request, response) {
  const { pathname, search } = new URL(request.url, 'http://page');
  // Isolated pages have a clock of 5 µs instead of 100.
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
  if (pathname === '/') {
    response.setHeader('Content-Type', 'text/html');
    response.end(
      `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/${search.slice(1)}.js"></script>`,
    );
  } else if (scripts.has(pathname)) {
    response.setHeader('Content-Type', 'text/javascript');
    response.end(scripts.get(pathname));
  } else {
    response.statusCode = 404;
    response.end();
  }
}

/** Milliseconds a page may take: what is this slow does not work. */
const LIMIT = 180_000;
