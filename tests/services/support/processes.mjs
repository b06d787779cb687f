import { start } from '../../../scripts/lib/process.mjs';

const running = new Set();

// However the tests end, nothing that they have started is left.
process.once('exit', () => running.forEach(signal));
for (const name of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.once(name, () => process.exit(1));

/** Starts a program whose output is read. */
export function launch(program, args, options) {
  const child = start(program, args, { ...options, stdio: 'pipe' });
  running.add(child);
  void child.ended.then(() => running.delete(child));
  return child;
}

/** Ends it as a crash would, with what it has started in turn. */
export async function kill(child) {
  signal(child);
  await child.ended;
}

function signal(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // It may have ended already.
    if (error.code !== 'ESRCH') throw error;
  }
}
