import type { Driver } from './driver.js';

/**
 * Runs `onConnect`, and tells what it asks for from what others ask for meanwhile: the hook is what runs until the end of the
 * task it was called in, and of every task in which a request of it is answered.
 */
export class Hook {
  /** Number of the latest run. */
  private latest = 0;
  private isRunning = false;
  /** How many reasons there are to take what is asked for now for the hook's. */
  private reasons = 0;
  /** Requests of the hook that are not answered. */
  private readonly requests = new Set<number>();

  constructor(private readonly driver: Pick<Driver, 'hook_done' | 'admit'>) {}

  /** Calls it, not before the present task is done with, for it is the application's. `failed` is called with what it throws. */
  async run(call: () => unknown, failed: (error: unknown) => void): Promise<void> {
    const run = ++this.latest;
    await undefined;
    if (run !== this.latest) return;
    let ok = true;
    this.isRunning = true;
    this.resume();
    try {
      await call();
    } catch (error) {
      ok = false;
      if (run === this.latest) failed(error);
    }
    if (run !== this.latest) return;
    this.stop();
    this.driver.hook_done(ok);
  }

  /** It belongs to a connection that is gone, or has ended. */
  stop(): void {
    this.latest += 1;
    this.isRunning = false;
    this.requests.clear();
  }

  /** A request was made. Answers whether it is the hook's. */
  asks(request: number): boolean {
    const isOwn = this.isRunning && this.reasons > 0;
    if (isOwn) this.requests.add(request);
    return isOwn;
  }

  /** A request is about to be settled. */
  answers(request: number): void {
    if (this.requests.delete(request)) this.resume();
  }

  /** The hook goes on in this task. */
  resume(): void {
    if (!this.isRunning) return;
    this.reasons += 1;
    this.driver.admit(true);
    void this.pause();
  }

  /** Waits for what follows from promises without letting another task begin, as a timer would. */
  private async pause(): Promise<void> {
    for (let tick = 0; tick < TICKS; tick++) await undefined;
    this.reasons -= 1;
    if (this.reasons === 0) this.driver.admit(false);
  }
}

/** Promises one behind the other that a wait of the hook may go through. */
const TICKS = 64;
