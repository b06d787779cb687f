import { type Deferred, deferred } from './deferred.js';

/** What was asked for, as errors tell it. */
export interface Asked {
  readonly rid: string;
  /** The request, such as `call.example.model.set`. */
  readonly method: string;
  readonly params?: unknown;
  /** Whether the result of the protocol is wanted instead of what it stands for. */
  readonly raw?: boolean;
}

/** How a request ended. */
export type Outcome = (pending: Pending) => void;

/** A request whose answer is waited for. */
export interface Pending extends Asked, Deferred<unknown> {}

/** Promises of requests, by the engine's numbers. */
export class Requests {
  private readonly pending = new Map<number, Pending>();
  /** Outcomes that came before the number of the request was known here. */
  private readonly early = new Map<number, Outcome>();

  /** The promise of a request. One that is waited for already keeps its promise. */
  wait<R>(request: number, asked: Asked): Promise<R> {
    let pending = this.pending.get(request);
    if (!pending) {
      pending = { ...asked, ...deferred<unknown>() };
      this.pending.set(request, pending);
      this.early.get(request)?.(pending);
    }
    return pending.promise as Promise<R>;
  }

  /** The requests that are waited for. */
  numbers(): number[] {
    return [...this.pending.keys()];
  }

  /** The request will not be settled. */
  forget(request: number): void {
    this.pending.delete(request);
  }

  settle(request: number, outcome: Outcome): void {
    const pending = this.pending.get(request);
    if (pending) outcome(pending);
    else this.early.set(request, outcome);
    // Not at once: who asks for the same, from a socket factory for instance, may be about to wait.
    queueMicrotask(() => {
      this.forget(request);
      this.early.delete(request);
    });
  }
}
