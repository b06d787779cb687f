import type { AbortSignalLike } from './RequestOptions.js';
import { LocalError, localError } from './localErrors.js';
import type { Asked } from './Requests.js';
import { ResError } from './ResError.js';

/** The options of a request with their defaults filled in. */
export interface Limits {
  timeout: number;
  signal: AbortSignalLike | undefined;
}

/** Waits for the promise of a request no longer than the limits allow; `giveUp` is called when that was not long enough. */
export function limited<R>(promise: Promise<R>, asked: Asked, limits: Limits, giveUp?: () => void): Promise<R> {
  const { timeout, signal } = limits;
  if (!timeout && !signal) return promise;
  return new Promise<R>((resolve, reject) => {
    const { rid, method, params } = asked;
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
    };
    const fail = (error: unknown) => {
      end();
      giveUp?.();
      reject(error as Error);
    };
    const aborted = () => fail(signal!.reason);
    const late = () => fail(new ResError(rid, method, params).__init(localError(LocalError.Timeout)));
    const timer = timeout ? setTimeout(late, Math.min(timeout, LONGEST)) : undefined;
    signal?.addEventListener('abort', aborted);
    promise.finally(end).then(resolve, reject);
    // What made the request may have called the application: its socket factory for instance.
    if (signal?.aborted) aborted();
  });
}

/** What a timer can wait for: 24 days. */
export const LONGEST = 0x7fffffff;
