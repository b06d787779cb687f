/** Does something again after it has failed: 10 s later, and twice as much later every time, up to 320 s. */
export class Retry {
  #failures = 0;
  /** In Node, an object. */
  #timer: (ReturnType<typeof setTimeout> & { unref?(): void }) | undefined;

  constructor(private readonly run: () => unknown) {}

  /** It has failed. Where that was for want of a connection, which is false, the next connection is what to wait for. */
  failed(error: { code?: string }): boolean {
    this.stop();
    if (CONNECTION.has(error.code ?? '')) return false;
    this.#timer = setTimeout(this.run, FIRST * 2 ** Math.min(this.#failures++, DOUBLINGS));
    // It is no reason for a process to go on: a connection is.
    this.#timer.unref?.();
    return true;
  }

  succeeded(): void {
    this.stop();
    this.#failures = 0;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

const CONNECTION = new Set(['system.disconnect', 'system.connectionError', 'system.unsupportedProtocol']);
/** Milliseconds. */
const FIRST = 10_000;
const DOUBLINGS = 5;
