import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import { node, project, root } from './support/project.mjs';

suite('the types of the package', () => {
  let folder;
  const tsc = join(root, 'node_modules/@typescript/native/bin/tsc');
  const strict = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,dom', '--types', ''];

  before(async () => {
    ({ folder } = await project('types', { fixture: 'types' }));
  });

  const resolutions = {
    bundler: ['--module', 'esnext', '--moduleResolution', 'bundler'],
    node16: ['--module', 'node16', '--moduleResolution', 'node16'],
  };
  for (const [name, flags] of Object.entries(resolutions)) {
    test(`a strict program compiles with moduleResolution ${name}`, async () => {
      await node(folder, [tsc, ...strict, ...flags, 'consumer.ts']);
    });

    test(`what compiles without a schema compiles with moduleResolution ${name}`, async () => {
      await node(folder, [tsc, ...strict, ...flags, 'without-schema.ts']);
    });

    test(`classes that add to those of the package compile with moduleResolution ${name}`, async () => {
      await node(folder, [tsc, ...strict, ...flags, 'subclasses.ts']);
    });

    test(`a schema types what it describes, and refuses what it does not, with moduleResolution ${name}`, async () => {
      await node(folder, [tsc, ...strict, ...flags, 'schema.ts', 'refused.ts']);
    });

    test(`the stores of Svelte and the signals of Solid have the types of a schema with moduleResolution ${name}`, async () => {
      await node(folder, [tsc, ...strict, ...flags, '--skipLibCheck', 'stores.ts']);
    });

    test(`a resource ID may be a type parameter with moduleResolution ${name}`, async () => {
      await node(folder, [tsc, ...strict, ...flags, 'generic.ts']);
    });

    test(`a wrong use is refused with moduleResolution ${name}`, async () => {
      const refused = node(folder, [tsc, ...strict, ...flags, 'wrong.ts']);
      await assert.rejects(refused, ({ stdout }) => {
        const lines = stdout.trim().split('\n');
        assert.deepEqual(
          lines.map((line) => /^wrong\.ts\((\d+),\d+\): error TS/.exec(line)?.[1]),
          ['7', '9'],
          stdout,
        );
        return true;
      });
    });
  }

  test('what is wrong with a use is told of the argument that is wrong', async () => {
    const lines = (await readFile(join(folder, 'messages.ts'), 'utf8')).split('\n');
    const expected = lines.flatMap((line, above) => {
      const [, margin, text] = /^( *\/\/ *)\^ (.*)$/.exec(line) ?? [];
      return text ? [[`${above},${margin.length + 1}`, text]] : [];
    });
    const compiled = node(folder, [tsc, ...strict, ...resolutions.bundler, 'messages.ts']);
    const { stdout } = await assert.rejects(compiled).then(() => compiled.catch((error) => error));
    const [, ...said] = stdout.split(/^messages\.ts\((\d+,\d+)\): error TS\d+: /m);
    assert.deepEqual(
      said.filter((_, i) => i % 2 === 0),
      expected.map(([place]) => place),
      stdout,
    );
    for (const [place, text] of expected) assert.ok(said[said.indexOf(place) + 1].includes(text), `${text}\n${stdout}`);
  });

  test('the types need those of neither a browser nor Node', async () => {
    const alone = [...strict, '--lib', 'es2022', '--skipLibCheck', 'false'];
    await node(folder, [tsc, ...alone, ...resolutions.bundler, 'no-dom.ts']);
  });

  test('a signal is one of a browser', async () => {
    await writeFile(
      join(folder, 'signal.ts'),
      `import ResClient from 'resclient-wasm';
      export const waiting = new ResClient('ws://127.0.0.1').get('library.books', { signal: AbortSignal.timeout(1000) });`,
    );
    await node(folder, [tsc, ...strict, ...resolutions.bundler, 'signal.ts']);
  });

  test('the example of the README compiles', async () => {
    const readme = await readFile(join(folder, 'node_modules/resclient-wasm/README.md'), 'utf8');
    const [, example] = /^## Types\n.*?^```ts\n(.*?)^```$/ms.exec(readme);
    await writeFile(join(folder, 'readme.ts'), `${example}\nexport const typed: number = votes;\n`);
    await node(folder, [tsc, ...strict, ...resolutions.bundler, 'readme.ts']);
  });

  test('a schema of fifty patterns costs the compiler little', async () => {
    await writeFile(join(folder, 'large.ts'), large({ patterns: 50, uses: 200 }));
    const flags = [...strict, ...resolutions.bundler, '--extendedDiagnostics', '--singleThreaded', 'large.ts'];
    const diagnostics = await node(folder, [tsc, ...flags]);
    // A pattern is found part by part; trying each of them for each use would be many times as many.
    const instantiations = Number(/^Instantiations:\s+(\d+)$/m.exec(diagnostics)[1]);
    assert.ok(instantiations < 150_000, `${instantiations} instantiations`);
  });
});

/** A program with a schema of as many patterns, and as many uses of them, each of another resource. */
function large({ patterns, uses }) {
  const count = (n, write) => Array.from({ length: n }, (_, i) => write(i, i % patterns)).join('');
  const described = (i) => `{
    model: { own${i}: string };
    methods: { method${i}(params: { up: boolean }): number };
    events: { event${i}: { colour: string } };
  }`;
  return `
    import ResClient from 'resclient-wasm';
    interface Api {${count(patterns, (i) => `'service.area${i}.*.item.*': ${described(i)};`)}}
    export async function use(client: ResClient<Api>): Promise<void> {${count(
      uses,
      (i, at) => `{
        const model = await client.get('service.area${at}.${i}.item.${i}');
        const text: string = model.own${at};
        const number: number = await model.call('method${at}', { up: true });
        const same: number = await client.call('service.area${at}.${i}.item.${i}', 'method${at}', { up: true });
        model.on('event${at}', ({ colour }) => void [colour.trim(), text, number, same]);
      }`,
    )}}`;
}
