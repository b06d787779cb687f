import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const run = promisify(execFile);
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const fixtures = join(root, 'tests/pack/fixtures');

/** An empty project with the packed package installed in it, as a user's first minutes look; `fixture` is what they write. */
export async function project(name, { fixture, pkg = join(root, 'pkg') } = {}) {
  const folder = join(root, 'target/pack-tests', name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await npm(folder, ['pack', pkg, '--pack-destination', folder]);
  const tarball = (await readdir(folder)).find((file) => file.endsWith('.tgz'));
  const manifest = { name: `pack-test-${name}`, private: true, type: 'module' };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await npm(folder, ['install', `./${tarball}`, '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock']);
  if (fixture) await cp(join(fixtures, fixture), folder, { recursive: true });
  return { folder, installed: join(folder, 'node_modules/resclient-wasm') };
}

/** Installs to a folder what the lock file of another one names, unless that was done. */
export async function installLocked(from, folder) {
  await mkdir(folder, { recursive: true });
  const lock = await readFile(join(from, 'package-lock.json'), 'utf8');
  const done = join(folder, 'installed.json');
  if ((await readFile(done, 'utf8').catch(() => '')) === lock) return;
  for (const name of ['package.json', 'package-lock.json']) await cp(join(from, name), join(folder, name));
  await npm(folder, ['ci', '--prefer-offline', '--no-audit', '--no-fund']);
  await writeFile(done, lock);
}

/** Runs a script with Node inside a project and gives its output; a failure carries stderr in its message. */
export async function node(folder, args) {
  return (await run(process.execPath, args, { cwd: folder })).stdout;
}

/** Under `npm run` the same npm is used as the one that runs this. */
export function npm(cwd, args) {
  const script = process.env.npm_execpath;
  return script?.endsWith('.js') ? run(process.execPath, [script, ...args], { cwd }) : run('npm', args, { cwd });
}
