/** Milliseconds of the timers that are set while something runs. `wait` answers how long one really waits; as long as it says. */
export async function delaysOf(run, wait = (delay) => delay) {
  const { setTimeout } = globalThis;
  const delays = [];
  globalThis.setTimeout = (call, delay) => {
    delays.push(delay);
    return setTimeout(call, wait(delay));
  };
  try {
    await run();
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  return delays;
}
