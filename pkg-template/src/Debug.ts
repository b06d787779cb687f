import type { DebugCallback } from './options.js';

/** Tells what goes over the wire and what becomes of the cache. What the callback throws is logged. */
export class Debug {
  private readonly callback: DebugCallback;

  constructor(debug: true | DebugCallback) {
    this.callback = debug === true ? log : debug;
  }

  tell(type: string, message: string, context?: unknown): void {
    try {
      this.callback(type, message, context);
    } catch (error) {
      console.error(error);
    }
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

function log(_type: string, message: string, context: unknown): void {
  if (context === undefined) console.debug(message);
  else console.debug(message, context);
}

const UNSUBSCRIBE = 'unsubscribe.';
