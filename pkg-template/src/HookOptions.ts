import type { CallOptions } from './CallResult.js';
import type { ResourceClient } from './ResourceClient.js';

/** ID of a resource. As long as there is none, nothing is asked for. */
export type Rid<Id extends string = string> = Id | null | undefined;

/** Options of the hooks for resources. */
export interface ResourceOptions<D, S = D, C extends ResourceClient = ResourceClient> {
  /** Default: that of the `ResProvider` above. */
  client?: C;
  /**
   * What the component wants of the data: it renders when that changes, and for nothing else. Compared are values, or those in an
   * array or a plain object.
   */
  select?: (data: D) => S;
  /** What is shown until the resource is there, also by a server, as `data` that are stale. */
  fallbackData?: D;
}

/** Options of `useCall`. */
export interface UseCallOptions<C extends ResourceClient = ResourceClient> extends CallOptions {
  /** Default: that of the `ResProvider` above. */
  client?: C;
}
