import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folders and files the scripts agree on. Everything made lies under `target/`, `node_modules/` or `pkg/`. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Where cargo builds; a contributor with a target directory of their own keeps it. */
export const cargoTarget = resolve(root, process.env.CARGO_TARGET_DIR || 'target');

export const tools = join(root, 'target/tools');
export const stamps = join(root, 'target/stamps');
export const bindgenOut = join(root, 'target/wasm-bindgen');
/** The package's module with the names of its functions, for profiles and for what takes the space. */
export const named = join(root, 'target/resclient_wasm_bg.named.wasm');
export const simulationOut = join(root, 'target/simulation');
/** Where benchmarks leave their figures. */
export const bench = join(root, 'target/bench');
export const site = join(root, 'target/site');
export const pkg = join(root, 'pkg');

const exe = process.platform === 'win32' ? '.exe' : '';

/** A command line tool installed into the project, by its name. */
export const tool = (name) => join(tools, 'bin', name + exe);

/** The gateway as `cargo build -p res-gateway` leaves it. */
export const gateway = join(cargoTarget, 'debug', 'res-gateway' + exe);

/** The script behind a command of an npm package: run with Node, it needs neither a shell nor a symbolic link. */
export const npmBin = (path) => join(root, 'node_modules', path);
