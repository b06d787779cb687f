/**
 * The workloads by their names. `target` is how many times as fast as npm `resclient` this package is to be, `stage` what
 * it has to be already. `runs` are the timed runs in a page, the first of which is not counted as warm. A `cold` workload is
 * also run as the first thing in a page, `floor` says that parsing the same frames is timed as well.
 */
export const WORKLOADS = {
  T1: { what: 'load 10,000 models, until get() resolves', target: 7, stage: 3, runs: 6, cold: true, floor: true },
  T1u: { what: 'the same, text beyond ASCII', target: 5, runs: 6, floor: true },
  T2: { what: 'T1 and read every member', target: 3, runs: 6, cold: true, floor: true },
  T3: { what: '100,000 change events, a listener each', target: 2.3, stage: 1.2, runs: 4, floor: true },
  T3b: { what: 'the same in one burst', target: 4, runs: 3 },
  T4: { what: '50,000 adds and removes in 1,000 items', target: 6, runs: 4 },
  T5: { what: 'reconnect, 1,000 models', target: 350, runs: 3 },
  T5b: { what: 'reconnect, 5,000 models', target: 800, runs: 1, extra: true },
  T6: { what: 'release of T1, nothing read', target: 25, runs: 6 },
  T6r: { what: 'release of T1, everything read', runs: 6 },
};
