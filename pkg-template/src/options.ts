import { type Definition, type PropertyDefinition, update } from './definition.js';
import { type EventBusLike, sharedEventBus } from './EventBus.js';
import type { ConnectError } from './events.js';

/** What a client needs of its socket and shows of it, as the WebSocket of a browser and that of `ws` have it. */
export interface WebSocketLike {
  /** As the WebSocket standard numbers the states; 1 is open. */
  readonly readyState?: number;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

/** Makes a WebSocket, or something that behaves like one. */
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
   * ask for waits.
   */
  onConnect?: OnConnect<C> | null;
  /** Called when no connection came about, as the event `connectError` is emitted. */
  onConnectError?: OnConnectError<C> | null;
  /** Prefix of event names on the bus. Default `resclient`. */
  namespace?: string;
  /** Most milliseconds before the first new attempt to connect; doubles with every attempt that fails. Default 500. */
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

/** The options with their defaults filled in. */
export type Options = Required<ClientOptions>;

/** Fills in defaults and checks types; throws for a wrong one, and for a delay that is negative or not finite. Numbers may be given as strings. */
export function readOptions<C>(given: ClientOptions<C> | undefined): Options {
  const options: Partial<Options> = { debug: false };
  const fail = (name: string, error: Error): never => {
    throw new Error(`${error.message}: option ${name}`);
  };
  update(options, given, DEFINITION, fail);
  if (typeof given?.debug === 'function') options.debug = given.debug;
  else update(options, given, { debug: 'boolean' }, fail);
  options.eventBus ??= sharedEventBus();
  return options as Options;
}

/** Milliseconds: what the engine counts with, so no time that is endless or already past. */
const delay = (byDefault: number): PropertyDefinition => ({
  type: 'number',
  default: byDefault,
  assert: requireDelay,
});

export function requireDelay(value: unknown): void {
  if (!Number.isFinite(value) || (value as number) < 0)
    throw new Error('Not a finite number of milliseconds, 0 or more');
}

function requireDuration(value: unknown): void {
  requireDelay(value);
  if (value === 0) throw new Error('Not a number of milliseconds above 0');
}

function requireCount(value: unknown): void {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 0xffffffff)
    throw new Error('Not a whole number, 0 or more');
}

function requireCodes(value: unknown): void {
  if (!Array.isArray(value) || !value.every(Number.isInteger)) throw new Error('Not a list of whole numbers');
}

const DEFINITION: Definition = {
  onConnect: '?function',
  onConnectError: '?function',
  namespace: { type: 'string', default: 'resclient' },
  reconnectDelay: delay(500),
  reconnectDelayMax: delay(30000),
  handshakeTimeout: delay(20000),
  heartbeatInterval: delay(25000),
  heartbeatTimeout: { ...delay(10000), assert: requireDuration },
  fatalCloseCodes: { type: 'object', default: [4001, 4003, 4401, 4403], assert: requireCodes },
  subscribeStaleDelay: delay(2000),
  subscribeRetryDelay: delay(10000),
  unsubscribeDelay: delay(5000),
  requestTimeout: delay(0),
  retryOnTooActive: 'boolean',
  maxResources: { type: 'number', default: 0, assert: requireCount },
  eventBus: { type: 'object', default: undefined },
};

/** The URL of the gateway: relative to the page's where there is one, and with the scheme of a WebSocket. */
export function resolveUrl(url: string): string {
  if (/^wss?:\/\//.test(url)) return url;
  const base =
    typeof document !== 'undefined' ? document.baseURI : typeof location !== 'undefined' ? location.href : '';
  if (!base) return url;
  return new URL(url, base).href.replace(/^http/, 'ws');
}
