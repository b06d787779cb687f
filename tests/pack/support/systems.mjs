import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installLocked, npm, root, run } from './project.mjs';

const sources = join(root, 'tests/pack/systems');
const folder = join(root, 'target/systems');

/** Installs the bundlers, frameworks and runtimes of the lock file, and beside them the packed package, as a user would have both. */
export async function install() {
  await installLocked(sources, folder);
  const installed = join(folder, 'node_modules/resclient-wasm');
  await rm(installed, { recursive: true, force: true });
  await mkdir(installed, { recursive: true });
  await npm(folder, ['pack', join(root, 'pkg'), '--pack-destination', installed]);
  const tarball = (await readdir(installed)).map((name) => join(folder, name))[0];
  await rename(join(installed, basename(tarball)), tarball);
  await run('tar', ['-xzf', tarball, '--strip-components=1'], { cwd: installed });
  return { installed, tarball };
}

/** A project with these sources, of which the later count; the name is that of its folder. */
export async function project(name, ...fixtures) {
  const path = join(folder, 'projects', name);
  await rm(path, { recursive: true, force: true });
  for (const fixture of fixtures) await cp(join(sources, fixture), path, { recursive: true });
  return path;
}

/** A module of one of the systems, as a script beside them would import it. */
export async function load(name) {
  const script = join(folder, 'load.mjs');
  await writeFile(script, 'export const load = (name) => import(name);\n');
  return (await import(pathToFileURL(script).href)).load(name);
}

/** The command of one of the systems, as `npx` would find it. */
export const command = (name) => join(folder, 'node_modules/.bin', name);

/** Runs a program to its end, and gives what it wrote. A failure has that in its message. */
export async function execute(cwd, program, args) {
  try {
    return (await run(program, args, { cwd, env: { ...process.env, ...QUIET }, maxBuffer: 1 << 24 })).stdout;
  } catch (error) {
    const said = `${error.message}\n${error.stdout}\n${error.stderr}`;
    throw new Error(`${program} ${args.join(' ')}: ${said}`, { cause: error });
  }
}

/** Starts a server, which is told its port by the environment; gives its address once it answers, and how to end it. */
export async function serve(cwd, program, args) {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}/`;
  const own = { ...process.env, ...QUIET, PORT: String(port), HOST: '127.0.0.1', HOSTNAME: '127.0.0.1' };
  const child = spawn(program, args, { cwd, env: own, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += data));
  const ended = once(child, 'exit').then(([code]) =>
    Promise.reject(new Error(`${program} ended with ${code}: ${said}`)),
  );
  ended.catch(() => undefined);
  const stop = async () => {
    // It may have ended by itself.
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGKILL');
    await ended.catch(() => undefined);
  };
  const waiting = new AbortController();
  try {
    await Promise.race([answers(address, AbortSignal.any([waiting.signal, AbortSignal.timeout(PATIENCE)])), ended]);
  } catch (error) {
    await stop();
    throw new Error(`${program} does not serve: ${said}`, { cause: error });
  } finally {
    waiting.abort();
  }
  return { address, stop };
}

async function answers(address, signal) {
  while (!(await fetch(address, { signal }).catch(() => undefined))) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A port that was free a moment ago. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Milliseconds that a server may take to start. */
const PATIENCE = 60_000;
/** None of them is to call home. */
const QUIET = {
  NEXT_TELEMETRY_DISABLED: '1',
  NUXT_TELEMETRY_DISABLED: '1',
  DENO_NO_UPDATE_CHECK: '1',
  CI: '1',
  NO_COLOR: '1',
};
