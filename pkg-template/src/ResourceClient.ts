import type { EventHandler } from './EventBus.js';
import type { ClientState } from './events.js';
import type { RequestOptions } from './RequestOptions.js';

/** What is used of a client: either of `resclient-wasm` or of `resclient-wasm/slim`. */
export interface ResourceClient {
  readonly state: ClientState;
  readonly ws: object | null;
  get(rid: string, options?: { timeout?: number }): Promise<object>;
  getCached(rid: string): object | undefined;
  call(rid: string, method: string, params?: unknown, options?: RequestOptions): Promise<unknown>;
  on(events: string, handler: EventHandler): void;
  off(events: string, handler: EventHandler): void;
  isStale?(rid: string): boolean;
  keepConnected?(): () => void;
}
