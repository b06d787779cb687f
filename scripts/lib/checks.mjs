import { licences } from './licences.mjs';
import { Complaint, capture } from './process.mjs';
import { npmBin } from './places.mjs';

/** What `npm run check` does; each entry is a test. */
const CHECKS = {
  // First, because any other use of cargo would quietly bring the file up to date.
  'lock file': () => cargo('metadata', '--locked', '--format-version', '1'),
  rustfmt: () => cargo('fmt', '--all', '--check'),
  'rustfmt of fuzz': () => cargo('fmt', '--manifest-path', 'fuzz/Cargo.toml', '--check'),
  clippy: () => cargo('clippy', '--workspace', '--exclude', 'resclient-wasm', '--all-targets', ...DENIED),
  'clippy of the native client': () =>
    cargo('clippy', '-p', 'resclient', '--features', 'native', '--all-targets', ...DENIED),
  'clippy of the client for browsers': () =>
    cargo('clippy', '-p', 'resclient', '--features', 'browser', '--all-targets', ...WASM, ...DENIED),
  'clippy for wasm': () => cargo('clippy', '-p', 'resclient-wasm', '--all-targets', ...WASM, ...DENIED),
  'clippy of the simulation for a page': () =>
    cargo('clippy', '-p', 'resclient-sim', '--no-default-features', '--features', 'page', ...WASM, ...DENIED),
  docs: () =>
    capture('cargo', ['doc', '--workspace', '--no-deps', '--features', 'resclient/tls'], {
      env: { RUSTDOCFLAGS: '-D warnings' },
    }),
  licences,
  eslint: () => node('eslint/bin/eslint.js', '.', '--max-warnings', '0'),
  prettier: () => node('prettier/bin/prettier.cjs', '.', '--check', '--log-level', 'warn'),
  tsc: () => node('@typescript/native/bin/tsc', '-p', 'pkg-template'),
  'tsc of the command': () => node('@typescript/native/bin/tsc', '-p', 'pkg-template/cli'),
  features: () => capture(process.execPath, ['scripts/features.mjs']),
};

const DENIED = ['--', '-D', 'warnings'];
const WASM = ['--target', 'wasm32-unknown-unknown'];

/** The list of what is promised is shown whatever comes of it; of the others only what fails. */
const SHOWN = 'features';

/** Runs them all. */
export async function checks() {
  const result = { passed: 0, failed: 0, names: [] };
  for (const [name, run] of Object.entries(CHECKS)) {
    const { code, text } = await run().catch((error) => {
      if (error instanceof Complaint) return { code: 1, text: error.message };
      throw error;
    });
    if (code === 0) result.passed += 1;
    else {
      result.failed += 1;
      result.names.push(name);
    }
    if (code !== 0 || name === SHOWN) console.log(text);
    console.log(`${code === 0 ? 'ok' : 'not ok'} ${name}`);
  }
  return result;
}

const cargo = (...args) => capture('cargo', args);
const node = (script, ...args) => capture(process.execPath, [npmBin(script), ...args]);
