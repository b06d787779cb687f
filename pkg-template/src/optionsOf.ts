import type { Fallback } from './Fallback.js';
import type { ResourceClient } from './ResourceClient.js';

/** Options of hooks and composables, whatever they are for. */
export interface AnyOptions {
  client?: ResourceClient | undefined;
  select?: ((data: never) => unknown) | undefined;
  fallbackData?: Fallback<unknown>;
}

/** A client in place of options is the one to use. */
export function optionsOf(options: ResourceClient | AnyOptions = {}): AnyOptions {
  return 'getCached' in options ? { client: options } : options;
}
