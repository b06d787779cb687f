/** The engine's side of a client, as crates/wasm exports it. A `resource` is a small number that names a cached resource. */
export interface Driver {
  connect(): void;
  disconnect(): void;
  /** Whether a first attempt that fails is to be followed by others. */
  persist(persistent: boolean): void;
  hook_done(ok: boolean): void;
  /** While the hook runs: whether it is the hook that asks from now on. */
  admit(admitted: boolean): void;
  /**
   * The socket of a connection opened (0), failed (1), closed (2) or got a message (3): the event of it, or the data. Whether
   * nothing is needed of that any more; if not, a call that is under way deals with it, and tells so with `frame_done`.
   */
  receive(connection: number, kind: number, event: unknown): boolean;
  /** What was asked for by `await_timeout` is due, or as much of it as a timer can wait for. */
  timeout(due: boolean): void;
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
  /** Byte offset of a resource record (see `record.ts`); 0 or less when there is none, as when it has been taken before. */
  take(resource: number): number;
  /** Byte offset of as many words as the first says: the records of those that have not been taken before. */
  take_all(resources: Uint32Array): number;
  /** Whether a resource may be out of date. */
  is_stale(resource: number): boolean;
  /** What can be read, when these have left the cache, by way of them; see `Remains.ts`. Byte offset of as many words as the first says. */
  remains(resources: Uint32Array): number;
  /** Puts off what the engine wants until `release`. Whether it was not put off already: only then `release` is to be called. */
  hold(): boolean;
  release(): void;
  inspect(): string;
}

/** The requests of the application. */
export const enum Action {
  Call = 0,
  Auth = 1,
  New = 2,
  Get = 3,
}

/** What the driver calls. None of it may throw: the driver could not carry on. */
export interface DriverHost {
  ingest(data: unknown, pointer: number): number;
  ingest_more(pointer: number): number;
  /** UTF-16 units of the message that are to come. */
  left(): number;
  /** The text of the current frame is needed no more. */
  frame_done(): void;
  /** Whether there is a socket. */
  open(connection: number): boolean;
  close(): void;
  send(text: string): void;
  /** Whether nothing is known any more by the numbers of what leaves by these operations. */
  apply(pointer: number, length: number): boolean;
  /** Answers whether the socket has been closed for good. */
  socket_event(kind: number, event: unknown): boolean;
  /** `timeout` is to be called after so many milliseconds, in place of when it was before; never, when negative. */
  await_timeout(delay: number): void;
  /** The same for `heartbeat`. */
  await_heartbeat(delay: number): void;
  /** Milliseconds on a clock that is never set back. */
  now(): number;
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
  /** Whether it broke off once, so that no other client is to use it. */
  hasFailed: boolean;
}
