import assert from 'node:assert/strict';
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
});
