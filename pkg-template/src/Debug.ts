import type { DebugCallback } from './options.js';
import { safely } from './safely.js';

/**
 * Tells what goes over the wire and what becomes of the cache, but not what somebody authenticates with, nor what the answer to that
 * is: what is told ends up in logs. What the callback throws is logged.
 */
export class Debug {
  private readonly callback: DebugCallback;
  /** Requests that authenticate and are not answered. */
  private readonly authenticating = new Set<number>();

  constructor(debug: true | DebugCallback) {
    this.callback = debug === true ? show : debug;
  }

  tell(type: string, message: string, context?: unknown): void {
    safely(() => this.callback(type, message, context));
  }

  sent(json: string): void {
    const request = JSON.parse(json) as { id: number; method: string; params?: unknown };
    const { id, method } = request;
    if (method.startsWith(UNSUBSCRIBE)) this.tell('unsubscribe', `Unsubscribe: ${method.slice(UNSUBSCRIBE.length)}`);
    if (method.startsWith(AUTH)) {
      this.authenticating.add(id);
      if (request.params !== undefined) json = JSON.stringify({ ...request, params: HIDDEN });
    }
    this.tell('request', `<== ${id}:${json}`);
  }

  received(json: string): void {
    const frame = parsed(json);
    const id = frame?.id;
    if (id === undefined) return this.tell('event', `--> ${json}`);
    if (this.authenticating.delete(id as number) && frame?.result != null) {
      json = JSON.stringify({ ...frame, result: HIDDEN });
    }
    this.tell('response', `==> ${id}:${json}`);
  }
}

function parsed(json: string): { id?: unknown; result?: unknown } | null {
  try {
    return JSON.parse(json) as { id?: unknown; result?: unknown } | null;
  } catch {
    return null;
  }
}

function show(_type: string, message: string, context: unknown): void {
  if (context === undefined) console.debug(message);
  else console.debug(message, context);
}

const UNSUBSCRIBE = 'unsubscribe.';
const AUTH = 'auth.';
const HIDDEN = '(not shown)';
