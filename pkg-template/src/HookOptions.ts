import type { CallOptions } from './CallResult.js';
import type { Fallback, None } from './Fallback.js';
import type { ResourceClient } from './ResourceClient.js';

/** ID of a resource. As long as there is none, which is what the others stand for, nothing is asked for. */
export type Rid<Id extends string = string> = Id | None;

/** Options of the hooks for resources. */
export interface ResourceOptions<D, S = D, C extends ResourceClient = ResourceClient> {
  /** Default: that of the `ResProvider` above. */
  client?: C | undefined;
  /**
   * What the component wants of the data: it renders when that changes, and for nothing else. Compared are values, or those in an
   * array or a plain object.
   */
  select?: ((data: D) => S) | undefined;
  /**
   * What is shown until the resource is there, also by a server, as `data` that are stale: of the resource that the component begins
   * with, or what a function answers for the ID of each.
   */
  fallbackData?: Fallback<D>;
}

/** Options of `useCall`. */
export interface UseCallOptions<C extends ResourceClient = ResourceClient> extends CallOptions {
  /** Default: that of the `ResProvider` above. */
  client?: C | undefined;
}
