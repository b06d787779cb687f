import type { Options } from './options.js';

/** The engine's side of a client, as crates/wasm exports it. A `resource` is a small number that names a cached resource. */
export interface Driver {
  connect(): void;
  disconnect(): void;
  hook_done(ok: boolean): void;
  /** The number of a cached resource, or minus the number of the request that brings it. */
  get(rid: string): number;
  call(rid: string, method: string, params: string | undefined): number;
  auth(rid: string, method: string, params: string | undefined): number;
  create(rid: string, params: string | undefined): number;
  listen(resource: number): void;
  unlisten(resource: number): void;
  /** Byte offset of a resource record (see `record.ts`); 0 when the resource has been taken before. */
  take(resource: number): number;
  forget(resource: number): void;
  inspect(): string;
  set_debug(debug: boolean): void;
}

/** What the driver calls. Only `open` may throw. */
export interface DriverHost {
  ingest(data: unknown, pointer: number, capacity: number): number;
  open(): object;
  apply(pointer: number, length: number): void;
  socket_event(kind: number, event: unknown): void;
  sent(text: string): void;
}

/** The instantiated module. */
export interface Engine {
  Driver: new (host: DriverHost, options: string) => Driver;
  memory: WebAssembly.Memory;
}

/** The options the engine wants to know, as JSON. The seed makes the jitter of two clients differ. */
export function engineOptions(options: Options): string {
  return JSON.stringify({
    unsubscribeDelay: options.unsubscribeDelay,
    subscribeStaleDelay: options.subscribeStaleDelay,
    subscribeRetryDelay: options.subscribeRetryDelay,
    reconnectDelay: options.reconnectDelay,
    reconnectDelayMax: options.reconnectDelayMax,
    seed: [randomWord(), randomWord()],
  });
}

const randomWord = () => Math.floor(Math.random() * 0x1_0000_0000);
