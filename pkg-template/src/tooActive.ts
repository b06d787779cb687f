import { LONGEST } from './limited.js';
import { ResError } from './ResError.js';

/** Requests that were refused with `system.tooActive` and wait to be made again. */
export class Waits {
  private readonly ends = new Map<object, () => void>();

  /** Asks, and again for as long as the answer says after how many seconds, until it is ended. `request` stands for it in `end`. */
  async ask<R>(request: object, ask: () => Promise<R>): Promise<R> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await ask();
      } catch (error) {
        const delay = delayOf(error);
        const least = LEAST * 2 ** Math.min(attempt, DOUBLINGS);
        if (delay === undefined || !(await this.wait(request, Math.max(delay, least)))) throw error;
      }
    }
  }

  /** A request is not made again; without one, none is. */
  end(request?: object): void {
    const ends = request ? [this.ends.get(request)] : [...this.ends.values()];
    for (const end of ends) end?.();
  }

  /** Whether it is to be made again. */
  private wait(request: object, delay: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (again: boolean) => {
        clearTimeout(timer);
        this.ends.delete(request);
        resolve(again);
      };
      const timer = setTimeout(() => end(true), delay);
      this.ends.set(request, () => end(false));
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
