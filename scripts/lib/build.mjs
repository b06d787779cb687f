import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { wasmBindgen, npmPackages } from './ensure.mjs';
import { unlessFresh } from './fresh.mjs';
import { Complaint, step } from './process.mjs';
import { bindgenOut, cargoTarget, named, npmBin, pkg, root, simulationOut, tool } from './places.mjs';

const MODULE = join(bindgenOut, 'resclient_wasm_bg.wasm');
const GLUE = join(bindgenOut, 'resclient_wasm_bg.js');
/** What changes the module on its way, and the shell. */
const STEPS = libraries('build.mjs', 'panics.mjs', 'panic-places.mjs', 'short-names.mjs', 'wasm-module.mjs');
const SHELL_STEPS = libraries('printable.mjs', 'private-names.mjs');

/** Makes `pkg/`, the publishable npm package: cargo, wasm-bindgen, wasm-opt, then the TypeScript shell around them. */
export async function buildPackage() {
  await npmPackages();
  const version = await wasmBindgen();
  const crate = ['-p', 'resclient-wasm', '--profile', 'wasm', '--target', 'wasm32-unknown-unknown'];
  await step('cargo build of crates/wasm', 'cargo', ['build', ...crate, '--config', compilerFlags(STACK)]);

  const compiled = join(cargoTarget, 'wasm32-unknown-unknown/wasm/resclient_wasm.wasm');
  const inputs = [compiled, version, JSON.stringify(OPTIMISE), ...STEPS, join(root, 'package-lock.json')];
  await unlessFresh('wasm', inputs, [MODULE, GLUE, named], () => bindAndOptimise(compiled));

  const shell = join(root, 'scripts/build-shell.mjs');
  if (!existsSync(shell)) throw new Complaint('scripts/build-shell.mjs is missing');
  const shellInputs = [bindgenOut, join(root, 'pkg-template'), shell, ...SHELL_STEPS, join(root, 'package-lock.json')];
  await unlessFresh('shell', shellInputs, [join(pkg, 'package.json'), join(pkg, 'index.js')], () =>
    step('the build of the shell', process.execPath, [shell]),
  );
}

/** Makes the simulation for the page that shows it. */
export async function buildSimulation() {
  await wasmBindgen();
  const crate = ['-p', 'resclient-sim', '--no-default-features', '--features', 'page', '--profile', 'wasm'];
  const target = ['--target', 'wasm32-unknown-unknown', '--config', compilerFlags()];
  await step('cargo build of crates/sim', 'cargo', ['build', ...crate, ...target]);
  const compiled = join(cargoTarget, 'wasm32-unknown-unknown/wasm/resclient_sim.wasm');
  const out = ['--target', 'web', '--out-dir', simulationOut, '--out-name', 'simulation', '--no-typescript'];
  await unlessFresh('simulation', [compiled], [join(simulationOut, 'simulation_bg.wasm')], () =>
    step('wasm-bindgen', tool('wasm-bindgen'), [...out, compiled]),
  );
}

/** Makes the gateway's binary, as the demo and the tests over the wire use it; with arguments, what they name. */
export async function buildGateway(...targets) {
  await step('cargo build of crates/gateway', 'cargo', ['build', '-p', 'res-gateway', ...targets]);
}

/**
 * Panics carry the path of their source file: it says where in a crate, not on whose machine it was made. And little is
 * inlined, which hardly helps speed and compresses badly.
 */
function compilerFlags(...more) {
  const folders = { [homedir()]: '~', [process.env.CARGO_HOME ?? join(homedir(), '.cargo')]: 'cargo', [root]: '.' };
  const flags = Object.entries(folders).map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
  // Less than half of what the compiler takes for worth it by itself: 1.4 kB less after brotli.
  flags.push('-Cllvm-args=-inline-threshold=100', ...more);
  return `target.wasm32-unknown-unknown.rustflags=${JSON.stringify(flags)}`;
}

/** 128 KiB in place of 1 MiB: nothing recurses over what comes from outside. */
const STACK = '-Clink-arg=-zstack-size=131072';

async function bindAndOptimise(compiled) {
  const bind = ['--target', 'bundler', '--out-dir', bindgenOut, '--out-name', 'resclient_wasm', compiled];
  await step('wasm-bindgen', tool('wasm-bindgen'), bind);
  // Only now, for on a fresh clone the npm packages were not there when this file was loaded.
  const { trapPanics } = await import('./panics.mjs');
  const { blankPanicPlaces } = await import('./panic-places.mjs');
  const { shortenNames } = await import('./short-names.mjs');
  const { withoutNames } = await import('./wasm-module.mjs');
  const plain = join(bindgenOut, '..', 'resclient_wasm_bg.plain.wasm');
  writeFileSync(plain, blankPanicPlaces(trapPanics(readFileSync(MODULE))));
  await step('wasm-opt', process.execPath, [npmBin('binaryen/bin/wasm-opt'), plain, '-o', named, ...OPTIMISE]);
  const { module, glue } = shortenNames(readFileSync(named), readFileSync(GLUE, 'utf8'), LOOKED_UP);
  writeFileSync(named, module);
  writeFileSync(MODULE, withoutNames(module));
  writeFileSync(GLUE, glue);
}

/** Exports that `wasm.ts` looks up. */
const LOOKED_UP = ['memory', '__wbindgen_start'];

/** Little inlining: it hardly helps speed and compresses badly. The features are those rustc emits for this target; allowing all of them makes a module that Chromium refuses. */
const OPTIMISE = [
  // Names of functions, which are left out in the end.
  '-g',
  '-O3',
  // What is left of control flow in another order, which is 0.4 kB less after brotli.
  '--flatten',
  '--rereloop',
  '-O3',
  '--converge',
  '--one-caller-inline-max-function-size=20',
  '--flexible-inline-max-function-size=2',
  '--always-inline-max-function-size=2',
  '--strip-producers',
  '--strip-target-features',
  '--enable-bulk-memory',
  '--enable-bulk-memory-opt',
  '--enable-reference-types',
  '--enable-multivalue',
  '--enable-sign-ext',
  '--enable-mutable-globals',
  '--enable-nontrapping-float-to-int',
];

function libraries(...names) {
  return names.map((name) => join(root, 'scripts/lib', name));
}
