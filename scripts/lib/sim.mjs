import { cargo } from './ensure.mjs';
import { capture } from './process.mjs';

/** Builds that have deliberate bugs in them stay apart from those that have none. */
export const withBugs = { RUSTFLAGS: '--cfg bugs', CARGO_TARGET_DIR: 'target/bugs' };

/** Runs the simulation; gives what it said. */
export async function simulation(args, { show = true } = {}) {
  await cargo();
  const env = args.includes('--bugs') ? withBugs : {};
  const run = ['run', '--quiet', '--profile', 'sim', '-p', 'resclient-sim', '--', ...args];
  return capture('cargo', run, { show, env });
}
