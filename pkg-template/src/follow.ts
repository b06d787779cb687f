import { type FollowedClient, Following, type Live } from './Following.js';
import type { ResError } from './ResError.js';
import { safely } from './safely.js';

/**
 * Calls `listener` with a resource, once it is there and after each of its events, until the function that is returned is
 * called. What could not be had, or is no longer, goes to `failed`, and is asked for again.
 */
export function follow<R extends object>(
  client: FollowedClient,
  rid: string,
  listener?: (resource: R) => void,
  failed?: (error: ResError) => void,
): () => void {
  let resource: Live | undefined;
  const tell = () => safely(() => listener?.(resource as object as R));
  const following = new Following(client, rid, {
    found(live) {
      resource = live;
      tell();
    },
    heard: tell,
    failed: (error) => safely(() => failed?.(error)),
  });
  following.start();
  return () => following.stop();
}
