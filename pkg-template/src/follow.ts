import type { ClientApi } from './client.js';
import type { EventHandler } from './EventBus.js';
import { isResError, type ResError } from './ResError.js';

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
 * called. What could not be had goes to `failed`, and is asked for again on the next connection.
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
  const ask = () => {
    if (resource || asking) return;
    asking = true;
    client
      .get<R & Listenable>(rid)
      .then((found) => {
        if (over) return;
        if (isResError(found)) throw found;
        resource = found;
        resource.on(null, tell);
        tell();
      })
      .catch((error: unknown) => over || failed?.(error as ResError))
      .finally(() => (asking = false));
  };
  const release = client.keepConnected();
  client.on('connect', ask);
  ask();
  return () => {
    if (over) return;
    over = true;
    client.off('connect', ask);
    release();
    resource?.off(null, tell);
  };
}
