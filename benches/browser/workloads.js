/**
 * The workloads by their names. `how` says what is measured; a `target` is the least that is wanted, or the `most`.
 *
 * - `time`: how many times as fast as npm `resclient` this package is. `stage` is what it has to be already. `runs` are the timed
 *   runs in a page, the first of which is not counted as warm. A `cold` workload is also run as the first thing in a page, `floor`
 *   says that parsing the same frames is timed as well.
 * - `memory`: bytes of the JavaScript heap and of WebAssembly's memory that are taken, over those that npm `resclient` takes.
 * - `alone`: a figure of this package alone, which the page works out.
 * - `size`, `start`, `parse`: see `run.js`.
 *
 * What is `extra` is run when it is asked for by name.
 */
export const WORKLOADS = {
  T1: time('load 10,000 models, until get() resolves', { target: 7, stage: 3, runs: 16, cold: true, floor: true }),
  T1u: time('the same, text beyond ASCII', { target: 5, runs: 6, floor: true }),
  T2: time('T1 and read every member', { target: 3, runs: 16, cold: true, floor: true }),
  T3: time('100,000 change events, a listener each', { target: 2.3, stage: 1.2, runs: 4, floor: true }),
  T3b: time('the same in one burst', { target: 4, runs: 3 }),
  T4: time('50,000 adds and removes in 1,000 items', { target: 6, runs: 4 }),
  T4b: time('the same in one burst', { runs: 3 }),
  T4r: time('the same in a list of 1,000 models', { runs: 4 }),
  T5: time('reconnect, 1,000 models', { target: 350, runs: 12 }),
  T5b: time('reconnect, 5,000 models', { target: 800, runs: 1, extra: true }),
  T6: time('release of T1, nothing read', { target: 25, runs: 16 }),
  T6r: time('release of T1, everything read', { runs: 6 }),
  T7: { how: 'memory', what: 'memory after T1, nothing read', stage: 'loaded', most: 1.5, unit: '× resclient’s' },
  T7r: { how: 'memory', what: 'memory after T1, everything read', stage: 'read', most: 1.5, unit: '× resclient’s' },
  T7x: { how: 'memory', what: 'memory after the release', stage: 'released', unit: '× resclient’s' },
  T8: { how: 'size', what: 'application bundle, brotli', most: 30, unit: 'kB' },
  T9: { how: 'start', what: 'import to first value, over resclient’s', most: 15, unit: 'ms more' },
  T10: { how: 'alone', what: 'a change event with 1,000,000 held', most: 1.5, unit: '× that with 1,000' },
  T11: { how: 'alone', what: 'disconnect, 2,000 models share 2,000', most: 50, unit: 'ms' },
  T12: { how: 'parse', what: 'JSON.parse of T2 alone', of: 'T2', target: 0.6, unit: '× the time of T2' },
};

/** What is measured at growing sizes, with `--scaling`; `page/scaling.js` has what they are. */
export const SCALES = ['event', 'reconnect', 'unsubscribe', 'length', 'changes'];

function time(what, options) {
  return { how: 'time', what, unit: '× as fast', ...options };
}
