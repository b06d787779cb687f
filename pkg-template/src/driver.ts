/** The engine's side of a client, as crates/wasm exports it. A `resource` is a small number that names a cached resource. */
export interface Driver {
  connect(): void;
  disconnect(): void;
  /** Whether a first attempt that fails is to be followed by others. */
  persist(persistent: boolean): void;
  hook_done(ok: boolean): void;
  /** While the hook runs: whether it is the hook that asks from now on. */
  admit(admitted: boolean): void;
  /** What was asked for by `await_heartbeat` is due. */
  heartbeat(): void;
  /** The number of a cached resource, or minus the number of the request that brings it. */
  get(rid: string): number;
  /** The number of a cached resource, or -1. */
  find(rid: string): number;
  /** The number of the request. `params` is JSON, or empty for none. */
  request(action: Action, rid: string, method: string, params: string): number;
  /** Nobody waits for a request any longer. Whether it is not sent, nor settled, for that. */
  give_up(request: number): boolean;
  /** A resource that was refused may be asked for again after so many milliseconds, and not before. */
  postpone(resource: number, delay: number): void;
  listen(resource: number): void;
  unlisten(resource: number): void;
  /** Byte offset of a resource record (see `record.ts`); 0 when the resource has been taken before. */
  take(resource: number): number;
  forget(resource: number): void;
  inspect(): string;
  /** Whether sent frames are reported. */
  set_debug(debug: boolean): void;
}

/** The requests of the application. */
export const enum Action {
  Call = 0,
  Auth = 1,
  New = 2,
  Get = 3,
}

/** What the driver calls. Only `open` may throw. */
export interface DriverHost {
  ingest(event: { readonly data: unknown }, pointer: number, capacity: number): number;
  open(): object;
  apply(pointer: number, length: number): void;
  /** Answers whether the socket has been closed for good. */
  socket_event(kind: number, event: unknown): boolean;
  /** `heartbeat` is to be called after so many milliseconds, in place of when it was before; never, when negative. */
  await_heartbeat(delay: number): void;
  sent(text: string): void;
}

/** The instantiated module. */
export interface Engine {
  /** Delays are in milliseconds, the limit is a count; the halves of the seed, which makes the jitter of two clients differ, are random. */
  Driver: new (
    host: DriverHost,
    unsubscribeDelay: number,
    subscribeStaleDelay: number,
    subscribeRetryDelay: number,
    reconnectDelay: number,
    reconnectDelayMax: number,
    handshakeTimeout: number,
    heartbeatInterval: number,
    heartbeatTimeout: number,
    maxResources: number,
    seedHigh: number,
    seedLow: number,
  ) => Driver;
  memory: WebAssembly.Memory;
}
