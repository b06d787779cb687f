import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { pkg } from '../../scripts/lib/places.mjs';
import { launch } from '../pack/support/browser.mjs';
import { stage } from './support/stage.mjs';

const SECRET = 'swordfish';

suite('what is secret', () => {
  const { page, gateway } = stage();

  test('what somebody authenticates with is neither in an address, nor in a storage, nor in the console', async () => {
    const window = await page('hello.html');
    const said = [];
    const asked = [];
    window.page.on('console', (message) => {
      said.push(message.text(), ...message.args().map((arg) => arg.jsonValue().then(JSON.stringify)));
    });
    window.page.on('websocket', (socket) => asked.push(socket.url()));
    window.page.on('request', (request) => asked.push(request.url()));
    const seen = await window.page.evaluate(async (password) => {
      const { default: ResClient } = await import('/pkg/index.js');
      let logins = 0;
      const onConnect = async (client) => {
        logins += 1;
        // The service of the demo has no such method, and it is as good as refused.
        await client.authenticate('text.shared', 'login', { password });
      };
      const client = new ResClient('/', { onConnect, debug: true });
      const failure = await client.connect().catch((error) => error);
      client.disconnect();
      const stored = [{ ...localStorage }, { ...sessionStorage }, document.cookie, await indexedDB.databases()];
      return { logins, code: failure.data.code, stored, caches: await caches.keys() };
    }, SECRET);
    assert.deepEqual(seen, { logins: 1, code: 'system.methodNotFound', stored: [{}, {}, '', []], caches: [] });
    const text = (await Promise.all(said)).join('\n');
    assert.match(text, /auth\.text\.shared\.login.*\(not shown\)/, 'what the client says is heard');
    for (const heard of [text, asked.join('\n')]) assert.ok(!heard.includes(SECRET), heard);
    assert.ok(asked.some((url) => url.startsWith('ws:')));
    window.complaints.length = 0;
  });

  test('the engine in a file of its own comes as what it is, and is refused when it is another', async () => {
    const { headers } = await fetch(`${gateway.address}pkg/client.wasm`);
    assert.equal(headers.get('content-type'), 'application/wasm');
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    const right = `sha384-${createHash('sha384')
      .update(readFileSync(join(pkg, 'client.wasm')))
      .digest('base64')}`;
    const wrong = `sha384-${createHash('sha384').update('another').digest('base64')}`;
    const window = await page('hello.html');
    const load = async (integrity) => {
      const { init } = await import('/pkg/slim.js');
      return init(fetch('/pkg/client.wasm', { integrity })).then(
        () => 'loaded',
        (error) => error.name,
      );
    };
    assert.equal(await window.page.evaluate(load, wrong), 'TypeError');
    assert.equal(await window.page.evaluate(load, right), 'loaded');
    window.complaints.length = 0;
  });
});

suite('a page that came over TLS', () => {
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  let connections = 0;
  let browser;
  before(async () => {
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    // A name, since browsers take this machine for safe.
    browser = await launch({
      args: ['--host-resolver-rules=MAP *.test 127.0.0.1', '--disable-features=LocalNetworkAccessChecks'],
    });
  });
  after(async () => {
    await browser.close();
    server.close();
  });

  /** What becomes of a client in a page with that scheme: the error it is told, and the addresses it has used. */
  async function connecting(scheme, address) {
    const page = await browser.newPage();
    const addresses = [];
    page.on('websocket', (socket) => addresses.push(socket.url()));
    await page.route('**', (route) => {
      const { pathname } = new URL(route.request().url());
      return pathname.startsWith('/pkg/')
        ? route.fulfill({ path: join(pkg, pathname.slice(5)) })
        : route.fulfill({ contentType: 'text/html', body: '<!doctype html>' });
    });
    await page.goto(`${scheme}://page.test/`);
    const told = await page.evaluate(async (address) => {
      const { default: ResClient } = await import('/pkg/index.js');
      const client = new ResClient(address);
      const error = await client.connect().catch((error) => error);
      return { cause: error.data?.name ?? error.data?.type, state: client.state.state };
    }, address);
    await page.close();
    return { ...told, addresses };
  }

  test('an address without TLS is refused there, and nothing is sent to it', async () => {
    const address = `ws://gateway.test:${server.address().port}/`;
    const refused = await connecting('https', address);
    assert.deepEqual(refused, { cause: 'SecurityError', state: 'closed', addresses: [] });
    assert.equal(connections, 0);
    const tried = await connecting('http', address);
    assert.deepEqual(tried, { cause: 'error', state: 'closed', addresses: [address] });
    assert.equal(connections, 1, 'it is TLS that made the difference');
  });

  test('an address relative to it is one with TLS', async () => {
    const { addresses } = await connecting('https', '/gateway');
    assert.deepEqual(addresses, ['wss://page.test/gateway']);
  });
});
