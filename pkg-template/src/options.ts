import { type Definition, type PropertyDefinition, update } from './definition.js';
import { type EventBusLike, sharedEventBus } from './EventBus.js';

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

/** Options of a client. */
export interface ClientOptions<C = unknown> {
  /** Called when the connection is up, to authenticate for instance. May return a promise. */
  onConnect?: OnConnect<C> | null;
  /** Prefix of event names on the bus. Default `resclient`. */
  namespace?: string;
  /** Most milliseconds before the first new attempt to connect; doubles with every attempt that fails. Default 500. */
  reconnectDelay?: number;
  /** Most milliseconds before any attempt to connect. Default 30000. */
  reconnectDelayMax?: number;
  /** Milliseconds a gateway may take to accept a connection and to answer the first request. Default 20000. */
  handshakeTimeout?: number;
  /** Milliseconds until a listened resource that lost its subscription is subscribed again; 0 for never. Default 2000. */
  subscribeStaleDelay?: number;
  /** Milliseconds between such attempts when one fails; 0 for never. Default 10000. */
  subscribeRetryDelay?: number;
  /** Milliseconds a resource nobody listens to stays subscribed. Default 5000. */
  unsubscribeDelay?: number;
  /** Milliseconds until a request is rejected with `system.timeout`, also one not sent yet; 0 for never. Default 0. */
  requestTimeout?: number;
  /** The event bus. Default: one that all clients share. */
  eventBus?: EventBusLike;
  /** Logs the traffic with `console.debug`, or hands it to a function. Default false. */
  debug?: boolean | DebugCallback;
}

/** The options with their defaults filled in. */
export interface Options {
  onConnect: OnConnect<unknown> | null;
  namespace: string;
  reconnectDelay: number;
  reconnectDelayMax: number;
  handshakeTimeout: number;
  subscribeStaleDelay: number;
  subscribeRetryDelay: number;
  unsubscribeDelay: number;
  requestTimeout: number;
  eventBus: EventBusLike;
  debug: boolean | DebugCallback;
}

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

const DEFINITION: Definition = {
  onConnect: '?function',
  namespace: { type: 'string', default: 'resclient' },
  reconnectDelay: delay(500),
  reconnectDelayMax: delay(30000),
  handshakeTimeout: delay(20000),
  subscribeStaleDelay: delay(2000),
  subscribeRetryDelay: delay(10000),
  unsubscribeDelay: delay(5000),
  requestTimeout: delay(0),
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
