import { LONGEST } from './limited.js';
import { ResError } from './ResError.js';

/** Requests that are made again when they are refused with `system.tooActive`. */
export class Waits {
  /** What ends the wait of each. There is none for a request that is to be made no more. */
  private readonly ends = new Map<object, () => void>();

  /** Asks, and again for as long as the answer says after how many seconds, until it is ended. `request` stands for it in `end`. */
  async ask<R>(request: object, ask: () => Promise<R>): Promise<R> {
    this.ends.set(request, () => undefined);
    try {
      for (let attempt = 0; ; attempt++) {
        try {
          return await ask();
        } catch (error) {
          const delay = delayOf(error);
          const least = LEAST * 2 ** Math.min(attempt, DOUBLINGS);
          if (delay === undefined || !(await this.wait(request, Math.max(delay, least)))) throw error;
        }
      }
    } finally {
      this.ends.delete(request);
    }
  }

  /** A request is not made again, be it that it waits or that it is not answered; without one, none is. */
  end(request?: object): void {
    for (const each of request ? [request] : this.ends.keys()) {
      this.ends.get(each)?.();
      this.ends.delete(each);
    }
  }

  /** Whether it is to be made again. */
  private wait(request: object, delay: number): Promise<boolean> {
    return new Promise((resolve) => {
      if (!this.ends.has(request)) return resolve(false);
      const timer = setTimeout(() => resolve(true), delay);
      this.ends.set(request, () => {
        clearTimeout(timer);
        resolve(false);
      });
    });
  }
}

/** After how many milliseconds the service says that it may be asked again, if it does. */
export function delayOf(error: unknown): number | undefined {
  if (!(error instanceof ResError) || error.code !== 'system.tooActive') return undefined;
  const { seconds } = (error.data ?? {}) as { seconds?: unknown };
  return typeof seconds === 'number' && seconds >= 0 && seconds * 1000 < LONGEST ? seconds * 1000 : undefined;
}

/** Milliseconds that the first wait takes at least, whatever the answer says; it doubles with every one. */
const LEAST = 50;
const DOUBLINGS = 7;
