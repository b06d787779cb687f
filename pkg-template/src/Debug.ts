import type { DebugCallback } from './options.js';
import { safely } from './safely.js';

/** Tells what goes over the wire and what becomes of the cache. What the callback throws is logged. */
export class Debug {
  private readonly callback: DebugCallback;

  constructor(debug: true | DebugCallback) {
    this.callback = debug === true ? show : debug;
  }

  tell(type: string, message: string, context?: unknown): void {
    safely(() => this.callback(type, message, context));
  }

  sent(json: string): void {
    const { id, method } = JSON.parse(json) as { id: number; method: string };
    if (method.startsWith(UNSUBSCRIBE)) this.tell('unsubscribe', `Unsubscribe: ${method.slice(UNSUBSCRIBE.length)}`);
    this.tell('request', `<== ${id}:${json}`);
  }

  received(json: string): void {
    const id = idOf(json);
    if (id === undefined) this.tell('event', `--> ${json}`);
    else this.tell('response', `==> ${id}:${json}`);
  }
}

function idOf(json: string): unknown {
  try {
    return (JSON.parse(json) as { id?: unknown } | null)?.id;
  } catch {
    return undefined;
  }
}

function show(_type: string, message: string, context: unknown): void {
  if (context === undefined) console.debug(message);
  else console.debug(message, context);
}

const UNSUBSCRIBE = 'unsubscribe.';
