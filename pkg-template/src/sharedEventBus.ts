import { EventBus } from './EventBus.js';

let shared: EventBus | undefined;

/** The bus of all clients that are not given one of their own. */
export function sharedEventBus(): EventBus {
  return (shared ??= new EventBus());
}
