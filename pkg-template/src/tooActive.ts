import { LONGEST } from './limited.js';
import { ResError } from './ResError.js';

/** Asks, and asks again for as long as the answer is `system.tooActive` with the seconds to wait, unless it is over meanwhile. */
export async function askPatiently<R>(ask: () => Promise<R>, isOver: () => boolean): Promise<R> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const seconds = secondsOf(error);
      if (seconds === undefined) throw error;
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      if (isOver()) throw error;
    }
  }
}

function secondsOf(error: unknown): number | undefined {
  if (!(error instanceof ResError) || error.code !== 'system.tooActive') return undefined;
  const { seconds } = (error.data ?? {}) as { seconds?: unknown };
  return typeof seconds === 'number' && seconds >= 0 && seconds * 1000 < LONGEST ? seconds : undefined;
}
