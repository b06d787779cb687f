import { type Definition, type PropertyDefinition, update } from './definition.js';
import type { ClientOptions, Options } from './options.js';
import { sharedEventBus } from './sharedEventBus.js';

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
