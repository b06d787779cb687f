import { createServer } from 'node:http';
import { chromium } from 'playwright-core';
import { profiled } from './profile.js';

/** A headless Chromium and a server for its pages; `scripts` are their texts by path. */
export async function openChromium(scripts) {
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
  const address = `http://127.0.0.1:${server.address().port}/`;
  return {
    name: `Chromium ${browser.version()}`,
    inPage: (client, work) => inPage(browser, `${address}?${client}`, work),
    startTimes: (clients, times) => startTimes(browser, address, clients, times),
    close: async () => {
      await browser.close();
      server.close();
    },
  };
}

/** Runs `work` with a fresh page, whose code was never run before; errors in the page are errors here. */
async function inPage(browser, address, work) {
  const page = await (await browser.newContext()).newPage();
  const { failure, end } = watched(page);
  try {
    await page.goto(address);
    await page.waitForFunction(() => 'bench' in globalThis);
    const session = await page.context().newCDPSession(page);
    const face = {
      call: (method, ...args) => page.evaluate(([method, args]) => globalThis.bench[method](...args), [method, args]),
      profiled: (name, running) => profiled(page, name, running),
      heapBytes: async () => {
        // What finalisers let go of is found garbage the second time.
        for (let turn = 0; turn < 3; turn++) await session.send('HeapProfiler.collectGarbage');
        return (await session.send('Runtime.getHeapUsage')).usedSize;
      },
    };
    return await Promise.race([work(face), failure]);
  } finally {
    end();
    await page.context().close();
  }
}

/**
 * Milliseconds from a page's `import()` of the client until it has a value, over its visits: with scripts from the browser's cache,
 * and what its engine keeps of them there.
 */
async function startTimes(browser, address, clients, times) {
  const found = Object.fromEntries(clients.map((client) => [client, []]));
  const context = await browser.newContext();
  try {
    for (let visit = 0; visit < VISITS_BEFORE + times; visit++) {
      for (const client of clients) {
        const page = await context.newPage();
        const { failure, end } = watched(page);
        const visited = async () => {
          await page.goto(address);
          return page.evaluate(async (script) => {
            const from = performance.now();
            await import(script);
            await globalThis.bench.first();
            return performance.now() - from;
          }, `/${client}.js`);
        };
        const time = await Promise.race([visited(), failure]);
        if (visit >= VISITS_BEFORE) found[client].push(time);
        end();
        await page.close();
      }
    }
  } finally {
    await context.close();
  }
  return found;
}

/** A promise that is rejected when the page says or does something wrong, or takes too long. */
function watched(page) {
  let failed;
  const failure = new Promise((_, reject) => (failed = reject));
  failure.catch(() => undefined);
  page.on('pageerror', failed);
  page.on('crash', () => failed(new Error('the page crashed')));
  page.on('console', (message) => {
    if (message.type() === 'error') failed(new Error(`the page says: ${message.text()}`));
  });
  const timer = setTimeout(failed, LIMIT, new Error(`no result within ${LIMIT / 60_000} minutes`));
  return { failure, end: () => clearTimeout(timer) };
}

function serve(scripts, request, response) {
  const { pathname, search } = new URL(request.url, 'http://page');
  // Isolated pages have a clock of 5 µs instead of 100.
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
  if (pathname === '/') {
    const script = search ? `<script type="module" src="/${search.slice(1)}.js"></script>` : '';
    response.setHeader('Content-Type', 'text/html');
    response.end(`<!doctype html><link rel="icon" href="data:,">${script}`);
  } else if (scripts.has(pathname)) {
    response.setHeader('Content-Type', 'text/javascript');
    response.setHeader('Cache-Control', 'public, max-age=3600, immutable');
    response.end(scripts.get(pathname));
  } else {
    response.statusCode = 404;
    response.end();
  }
}

/** Milliseconds a page may take: what is this slow does not work. */
const LIMIT = 300_000;
/** Visits until a page's scripts come from the cache, compiled. */
const VISITS_BEFORE = 3;
