import assert from 'node:assert/strict';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { inspect } from 'node:util';
import { launch } from './support/browser.mjs';
import { gateway } from './support/gateway.mjs';
import { followsChange } from './support/page.mjs';
import { command, execute, install, load, project, serve } from './support/systems.mjs';

const resources = 'tests/pack/fixtures/resources.json';

// Bundlers, frameworks and runtimes as they are installed; what is set is what each of them needs for any project at all.
suite('the package works as it is in', () => {
  let browser, server, installed, tarball;
  const results = [];

  before(async () => {
    ({ installed, tarball } = await install());
    browser = await launch();
    server = await gateway({ resources });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    for (const [system, result] of results) console.log(`${system.padEnd(36)}${result}`);
  });

  function works(system, body) {
    test(system, async () => {
      results.push([system, 'failed']);
      await body();
      results.at(-1)[1] = 'works';
    });
  }

  /** A built page, in a gateway of its own. */
  async function pageWorks(www) {
    const own = await gateway({ resources, www });
    try {
      await followsChange(browser, own.page, own.webSocket);
    } finally {
      await own.stop();
    }
  }

  for (const [version, name] of [
    [5, 'vite5'],
    [6, 'vite6'],
    [7, 'vite7'],
    [8, 'vite'],
  ]) {
    works(`Vite ${version}, build`, async () => {
      const root = await project(`vite${version}`, 'page');
      const { build } = await load(name);
      await build({ root, logLevel: 'error' });
      await pageWorks(join(root, 'dist'));
    });

    works(`Vite ${version}, dev server`, async () => {
      const root = await project(`vite${version}-dev`, 'page');
      const { createServer } = await load(name);
      const dev = await createServer({ root, logLevel: 'error', server: { host: '127.0.0.1', port: 0 } });
      try {
        await dev.listen();
        await followsChange(browser, dev.resolvedUrls.local[0], server.webSocket);
      } finally {
        await dev.close();
      }
    });
  }

  for (const mode of ['production', 'development']) {
    works(`webpack 5, ${mode}`, async () => {
      const root = await project(`webpack-${mode}`, 'page');
      const { default: webpack } = await load('webpack');
      const output = { path: root, filename: 'main.js' };
      const stats = await new Promise((resolve, reject) => {
        const done = (error, stats) => (error ? reject(error) : resolve(stats));
        webpack({ mode, context: root, entry: './main.js', output: { ...output, filename: 'bundle.js' } }, done);
      });
      assert.equal(stats.hasErrors(), false, stats.toString());
      await rewrite(join(root, 'index.html'), './main.js', './bundle.js');
      await pageWorks(root);
    });
  }

  works('esbuild', async () => {
    const root = await project('esbuild', 'page');
    const { build } = await load('esbuild');
    const entryPoints = [join(root, 'main.js')];
    await build({ entryPoints, bundle: true, minify: true, format: 'esm', outfile: join(root, 'bundle.js') });
    await rewrite(join(root, 'index.html'), './main.js', './bundle.js');
    await pageWorks(root);
  });

  works('Parcel', async () => {
    const root = await project('parcel', 'page');
    await execute(root, command('parcel'), ['build', 'index.html', '--no-cache', '--dist-dir', 'dist']);
    await pageWorks(join(root, 'dist'));
  });

  works('a plain <script type="module">', async () => {
    const root = await project('plain', 'page');
    await cp(installed, join(root, 'resclient-wasm'), { recursive: true });
    await rewrite(join(root, 'main.js'), `'resclient-wasm'`, `'./resclient-wasm/index.js'`);
    await pageWorks(root);
  });

  works('Solid, Vite', async () => {
    const root = await project('solid', 'page', 'solid');
    const { build } = await load('vite');
    await build({ root, logLevel: 'error', configFile: false });
    await pageWorks(join(root, 'dist'));
  });

  works('Svelte, Vite', async () => {
    const root = await project('svelte', 'page', 'svelte');
    const { build } = await load('vite');
    const { svelte } = await load('@sveltejs/vite-plugin-svelte');
    await build({ root, logLevel: 'error', configFile: false, plugins: [svelte()] });
    await pageWorks(join(root, 'dist'));
  });

  for (const bundler of ['turbopack', 'webpack']) {
    works(`Next.js, ${bundler}`, async () => {
      const root = await project(`next-${bundler}`, 'next');
      await execute(root, command('next'), ['build', `--${bundler}`]);
      const next = await serve(root, command('next'), ['start']);
      try {
        assert.match(await (await fetch(next.address)).text(), /<p id="message">rendered<\/p>/);
        assert.deepEqual(await (await fetch(`${next.address}edge`)).json(), { message: 'at the edge' });
        await followsChange(browser, next.address, server.webSocket);
      } finally {
        await next.stop();
      }
    });
  }

  works('Nuxt', async () => {
    const root = await project('nuxt', 'nuxt');
    await execute(root, command('nuxt'), ['build']);
    const nuxt = await serve(root, process.execPath, ['.output/server/index.mjs']);
    try {
      assert.match(await (await fetch(nuxt.address)).text(), /<p id="message">rendered<\/p>/);
      await followsChange(browser, nuxt.address, server.webSocket);
    } finally {
      await nuxt.stop();
    }
  });

  for (const [runtime, program, ...args] of [
    ['Node', process.execPath],
    ['Deno', command('deno'), 'run', '--allow-all', '--node-modules-dir=manual'],
    ['Bun', command('bun'), 'run'],
  ]) {
    works(runtime, async () => {
      const root = await project(runtime.toLowerCase(), 'scripts');
      const text = `written in ${runtime}`;
      const said = await execute(root, program, [...args, 'read.mjs', server.webSocket, text]);
      assert.deepEqual(JSON.parse(said), { before: 'string', after: text });
    });
  }

  for (const environment of ['jsdom', 'happy-dom']) {
    works(`Vitest, ${environment}`, async () => {
      const root = await project(`vitest-${environment}`, 'vitest');
      const { startVitest } = await load('vitest/node');
      const provide = { gateway: server.webSocket, text: `written in ${environment}` };
      const vitest = await startVitest('test', [], { root, environment, provide, watch: false, config: false });
      const modules = vitest.state.getTestModules();
      await vitest.close();
      assert.deepEqual(
        modules.map((module) => module.ok()),
        [true],
        inspect([...vitest.state.getUnhandledErrors(), ...vitest.state.getFiles().map(({ tasks }) => tasks)], {
          depth: 5,
        }),
      );
    });
  }

  works('Cloudflare Workers (workerd)', async () => {
    const root = await project('workerd', 'worker');
    const { build } = await load('esbuild');
    // As wrangler bundles: by the conditions of its runtime, and with modules left to that.
    const options = { bundle: true, format: 'esm', conditions: ['workerd', 'worker', 'browser'], external: ['*.wasm'] };
    await build({ entryPoints: [join(root, 'worker.js')], outfile: join(root, 'bundle.js'), ...options });
    await cp(join(installed, 'client.wasm'), join(root, 'client.wasm'));
    const { Miniflare } = await load('miniflare');
    const miniflare = new Miniflare({
      modules: true,
      modulesRules: [{ type: 'CompiledWasm', include: ['**/*.wasm'] }],
      rootPath: root,
      scriptPath: 'bundle.js',
      compatibilityDate: '2026-06-01',
    });
    try {
      const asked = `http://worker/?gateway=${encodeURIComponent(server.webSocket)}`;
      const response = await miniflare.dispatchFetch(asked);
      assert.equal(typeof (await response.json()).message, 'string');
    } finally {
      await miniflare.dispose();
    }
  });

  test('publint finds nothing', async () => {
    const { publint } = await load('publint');
    const { messages } = await publint({ pkgDir: installed, level: 'suggestion', pack: false });
    assert.deepEqual(messages, []);
  });

  test('the types are found, whichever way they are looked for', async () => {
    // It fails when it finds something; the module is a file, which has no types.
    await execute(installed, command('attw'), [
      tarball,
      '--profile',
      'esm-only',
      '--exclude-entrypoints',
      'client.wasm',
    ]);
  });
});

async function rewrite(path, from, to) {
  const text = await readFile(path, 'utf8');
  assert.ok(text.includes(from), path);
  await writeFile(path, text.replace(from, to));
}
