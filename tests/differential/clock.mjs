/**
 * A clock that only moves when it is told to, in place of the timers and the clock of this process: both clients look those up
 * where they use them.
 */
export class Clock {
  now = 0;
  #timers = [];
  #last = 0;

  setTimeout(callback, ms = 0) {
    const timer = { id: ++this.#last, at: this.now + Math.max(0, Number(ms) || 0), callback };
    let place = this.#timers.length;
    // Those of one time fire in the order they were set.
    while (place > 0 && this.#timers[place - 1].at > timer.at) place--;
    this.#timers.splice(place, 0, timer);
    return timer.id;
  }

  clearTimeout(id) {
    const place = this.#timers.findIndex((timer) => timer.id === id);
    if (place >= 0) this.#timers.splice(place, 1);
  }

  /** Fires the next timer that is due by `until`, and says whether there was one. */
  tick(until) {
    if (this.#timers.length === 0 || this.#timers[0].at > until) return false;
    const { at, callback } = this.#timers.shift();
    this.now = at;
    callback();
    return true;
  }
}

const realImmediate = setImmediate;
let current = new Clock();

/** Makes this clock the one everything goes by. */
export function goBy(clock) {
  current = clock;
}

/** Resolves when nothing is left to do that is done at once: a task runs after all promises that can be settled. */
export const settled = () => new Promise((resolve) => realImmediate(resolve));

/** Replaces what tells the time. To be called before a client is made, for the engine takes the clock along. */
export function takeOverTime() {
  globalThis.setTimeout = (callback, ms) => current.setTimeout(callback, ms);
  globalThis.clearTimeout = (id) => current.clearTimeout(id);
  globalThis.performance = { now: () => current.now };
}
