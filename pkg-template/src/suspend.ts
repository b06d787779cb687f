import { deferred } from './deferred.js';
import { Following } from './Following.js';
import type { ResError } from './ResError.js';
import type { ResourceClient } from './ResourceClient.js';

/** A resource that components wait for. */
interface Wait {
  readonly promise: Promise<unknown>;
  /** Why it could not be had. */
  error?: unknown;
  /** Ends that it is kept. */
  end?: () => void;
}

/**
 * Throws what makes a component wait for a resource: a promise, and once it could not be had, why. A component that has not been
 * mounted yet keeps nothing between two tries, so it is kept here.
 */
export function suspend(client: ResourceClient, rid: string, error: ResError | null): never {
  if (error) throw error;
  const own = waits.get(client) ?? new Map<string, Wait>();
  waits.set(client, own);
  let wait = own.get(rid);
  if (!wait || wait.end) own.set(rid, (wait = begin(client, rid, own)));
  if (!('error' in wait)) throw wait.promise;
  // It is thrown for all that React tries by itself; who tries again after that asks again.
  later(() => own.get(rid) === wait && own.delete(rid), THROWN);
  throw wait.error;
}

/** A component that waited has been mounted, and keeps the resource itself. */
export function resume(client: ResourceClient, rid: string): void {
  waits.get(client)?.get(rid)?.end?.();
}

function begin(client: ResourceClient, rid: string, own: Map<string, Wait>): Wait {
  const { promise, resolve } = deferred<undefined>();
  const wait: Wait = { promise };
  const forget = () => own.get(rid) === wait && own.delete(rid);
  let failure: ResError | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = () => {
    clearTimeout(timer);
    following.stop();
    forget();
    resolve(undefined);
  };
  const settle = () => {
    if (!failure) return;
    // Without a connection it is waited for the next one, if there is to be one, but not by a server, whose answer has to end.
    if (LOST.has(failure.code) && client.state.state !== 'closed' && typeof window !== 'undefined') {
      // Who still waits by then tries again, and nothing is kept for others.
      timer ??= later(end, KEPT);
      return;
    }
    clearTimeout(timer);
    following.stop();
    wait.error = failure;
    later(forget, KEPT);
    resolve(undefined);
  };
  const following = new Following(client, rid, {
    found() {
      failure = undefined;
      if (wait.end) return;
      clearTimeout(timer);
      timer = later(end, KEPT);
      wait.end = end;
      resolve(undefined);
    },
    heard: nothing,
    staleChanged: settle,
    failed(error) {
      if (wait.end) return end();
      failure = error;
      settle();
    },
  });
  following.start();
  return wait;
}

/** A timer that does not keep a program in Node from ending. */
function later(run: () => void, delay: number): ReturnType<typeof setTimeout> {
  const timer = setTimeout(run, delay);
  (timer as { unref?(): void }).unref?.();
  return timer;
}

const nothing = () => undefined;
const waits = new WeakMap<ResourceClient, Map<string, Wait>>();
const LOST = new Set(['system.disconnect', 'system.connectionError']);
/** Milliseconds in which React may try again by itself. */
const THROWN = 100;
/** Milliseconds that a component may take to be tried again, or to be mounted. */
const KEPT = 5000;
