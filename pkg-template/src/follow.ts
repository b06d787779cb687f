import type { ClientApi } from './client.js';
import type { EventHandler } from './EventBus.js';
import { isResError, type ResError } from './ResError.js';
import { Retry } from './Retry.js';
import { safely } from './safely.js';

/** What following a resource needs of the client. */
interface Followed extends ClientApi {
  on(events: string, handler: EventHandler<unknown>): void;
  off(events: string, handler: EventHandler<never, never>): void;
  keepConnected(): () => void;
}

interface Listenable {
  on(events: null, handler: EventHandler): void;
  off(events: null, handler: EventHandler): void;
}

/**
 * Calls `listener` with a resource, once it is there and after each of its events, until the function that is returned is
 * called. What could not be had goes to `failed`, and is asked for again after a while, and on the next connection.
 */
export function follow<R extends object>(
  client: Followed,
  rid: string,
  listener?: (resource: R) => void,
  failed?: (error: ResError) => void,
): () => void {
  let resource: (R & Listenable) | undefined;
  let asking = false;
  let over = false;
  const tell = () => resource && listener?.(resource);
  const found = (item: R & Listenable) => {
    asking = false;
    if (over) return;
    if (isResError(item)) return refused(item);
    retry.succeeded();
    resource = item;
    resource.on(null, tell);
    safely(tell);
  };
  const refused = (error: ResError) => {
    asking = false;
    if (over) return;
    retry.failed(error);
    safely(() => failed?.(error));
  };
  const ask = () => {
    if (resource || asking) return;
    asking = true;
    // However long it takes: nobody waits for this promise.
    client.get<R & Listenable>(rid, { timeout: 0 }).then(found, refused);
  };
  const retry = new Retry(ask);
  const release = client.keepConnected();
  client.on('connect', ask);
  ask();
  return () => {
    if (over) return;
    over = true;
    retry.stop();
    client.off('connect', ask);
    release();
    resource?.off(null, tell);
  };
}
