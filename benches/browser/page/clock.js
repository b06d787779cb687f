/** A task of its own, without the delay of a timer. In Node, timers would have to wait until no message is left. */
export function nextTask() {
  return new Promise((resolve) => {
    if (globalThis.setImmediate) return setImmediate(resolve);
    channel.port1.onmessage = resolve;
    channel.port2.postMessage(0);
  });
}

const channel = globalThis.setImmediate ? null : new MessageChannel();

/** Lets promises that are settled call what waits for them, without leaving the task. */
export async function settled() {
  for (let turn = 0; turn < 12; turn++) await null;
}

/**
 * The time of `work` in milliseconds: until it returns, or until the moment it answers. What earlier runs left is cleared
 * away first, so that no run pays for another, and a collection is still at work for a while when it has returned; only
 * this is seen by a profile.
 */
export async function timed(work) {
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, SWEEPING));
  await globalThis.startProfile?.();
  const from = performance.now();
  const until = await work();
  const time = (until ?? performance.now()) - from;
  await globalThis.stopProfile?.();
  return time;
}

/** Milliseconds in which what is garbage is swept up, beside what runs. */
const SWEEPING = 20;

/** Calls of listeners, awaited until all have come; gives the time of the last. */
export class Countdown {
  #left;
  #resolve;
  done = new Promise((resolve) => (this.#resolve = resolve));

  constructor(count) {
    this.#left = count;
  }

  get left() {
    return this.#left;
  }

  count() {
    if (--this.#left === 0) this.#resolve(performance.now());
  }

  /** The time of the last call; an error when they do not all come. */
  async last() {
    let timer;
    const missing = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`wrong result: ${this.#left} calls of listeners are missing`)), 60_000);
    });
    const time = await Promise.race([this.done, missing]);
    clearTimeout(timer);
    return time;
  }
}
