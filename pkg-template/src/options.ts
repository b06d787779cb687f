import type { EventBusLike } from './EventBus.js';
import type { ConnectError } from './events.js';

/** What a client needs of its socket and shows of it, as the WebSocket of a browser and that of `ws` have it. */
export interface WebSocketLike {
  /** As the WebSocket standard numbers the states; 1 is open. */
  readonly readyState?: number;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

/** Makes a WebSocket, or something that behaves like one, or a promise of that. What it throws is a failed attempt to connect. */
export type WebSocketFactory = () => object;

/** Called with the kind of what happened, a line of text, and sometimes more about it. */
export type DebugCallback = (type: string, message: string, context?: unknown) => void;

/** Called when the connection is up, before it is used; subscriptions are renewed once it is done. */
export type OnConnect<C> = {
  /** A class of its own may be named for the parameter. */
  bivariant(client: C): unknown;
}['bivariant'];

/** Called when no connection came about, with why. */
export type OnConnectError<C> = {
  bivariant(error: ConnectError, client: C): unknown;
}['bivariant'];

/** Makes the object of a resource whose ID matches a pattern. */
export type TypeFactory<C> = {
  /** A class of its own may be named for the parameter. */
  bivariant(client: C, rid: string): object;
}['bivariant'];

/** Options of a client. */
export interface ClientOptions<C = unknown> {
  /**
   * Called when the connection is up, to authenticate for instance. May return a promise: until it is settled, what others
   * ask for waits, and so does `connect`; `requestTimeout` ends what it waits for itself.
   */
  onConnect?: OnConnect<C> | null;
  /** Called when no connection came about, as the event `connectError` is emitted. */
  onConnectError?: OnConnectError<C> | null;
  /** Prefix of event names on the bus. Default `resclient`. */
  namespace?: string;
  /** Most milliseconds before the first new attempt to connect; doubles with every attempt that fails, so 0 counts as 1. Default 500. */
  reconnectDelay?: number;
  /** Most milliseconds before any attempt to connect. Default 30000. */
  reconnectDelayMax?: number;
  /** Milliseconds a gateway may take to accept a connection and to answer the first request. Default 20000. */
  handshakeTimeout?: number;
  /** Milliseconds of silence until the gateway is asked whether it is there; 0 for never. Default 25000. */
  heartbeatInterval?: number;
  /** Milliseconds it may take to answer that; then the connection is made anew. Default 10000. */
  heartbeatTimeout?: number;
  /** Codes with which a gateway closes a socket to say: do not come back. Default 4001, 4003, 4401, 4403. */
  fatalCloseCodes?: readonly number[];
  /** Milliseconds until a listened resource that lost its subscription is subscribed again; 0 for never. Default 2000. */
  subscribeStaleDelay?: number;
  /** Milliseconds between such attempts when one fails; 0 for never. Default 10000. */
  subscribeRetryDelay?: number;
  /** Milliseconds a resource nobody listens to stays subscribed. Default 5000. */
  unsubscribeDelay?: number;
  /** Milliseconds until a request is rejected with `system.timeout`, also one not sent yet; 0 for never. Default 0. */
  requestTimeout?: number;
  /** Whether what is refused with `system.tooActive` is asked for again, after the `seconds` in the error's data. Default false. */
  retryOnTooActive?: boolean;
  /**
   * Resources that may be cached before a `get` of another is rejected with `resclient.cacheFull`; 0 for any number. A single
   * answer may exceed it. Default 0.
   */
  maxResources?: number;
  /** The event bus. Default: one that all clients share. */
  eventBus?: EventBusLike;
  /** Logs the traffic with `console.debug`, or hands it to a function. Default false. */
  debug?: boolean | DebugCallback;
}

/** @internal The options with their defaults filled in. */
export type Options = Required<ClientOptions>;
