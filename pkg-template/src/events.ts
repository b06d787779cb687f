import type { ResError } from './ResError.js';

/** Data of the event `add`. */
export interface AddEvent<T = unknown> {
  item: T;
  /** Where it was put. */
  idx: number;
}

/** Data of the event `remove`. */
export interface RemoveEvent<T = unknown> {
  item: T;
  /** Where it was. */
  idx: number;
}

/** Data of the event `unsubscribe`. */
export interface UnsubscribeEvent<R = unknown> {
  item: R;
  /** Why the gateway ended the subscription, if it said so. */
  reason: ResError | undefined;
}

/** State of the connection. */
export interface ClientState {
  /**
   * - `idle`: nothing has been asked for yet.
   * - `connecting`: a connection is being made, up to the end of `onConnect`.
   * - `stale`: it has been made anew, and what is cached is being compared.
   * - `connected`: everything is kept up to date.
   * - `waiting`: the connection was lost or could not be made; there will be another attempt.
   * - `closed`: there is none, nor will there be until something is asked for.
   */
  state: 'idle' | 'connecting' | 'stale' | 'connected' | 'waiting' | 'closed';
  /** When waiting: time of the next attempt, in milliseconds on the clock of `performance.now()`. */
  until?: number;
  /** When closed: why. */
  reason?: ConnectError;
}

/** Why there is no connection. A plain object, with what the socket reported as `data`. */
export interface ConnectError {
  code: string;
  message: string;
  data?: unknown;
}

/** What {@link ResClient.inspect} answers. */
export interface Inspection {
  state: ClientState['state'];
  /** Protocol version agreed on, such as `1.2.3`; that the client supports before there was a connection. */
  protocol: string;
  counters: Record<string, number>;
  resources: InspectedResource[];
}

/** A cached resource. */
export interface InspectedResource {
  rid: string;
  kind: 'model' | 'collection' | 'error' | 'loading';
  /** Listeners. */
  direct: number;
  /** References from other cached resources. */
  indirect: number;
  /** Subscriptions the gateway counts. */
  subscribed: number;
  /** Whether it may be out of date, for want of a subscription. */
  stale: boolean;
}
