import type { CallOptions, CallResult } from './CallResult.js';
import type { RidOrNone } from './Fallback.js';
import type { ResourceClient } from './ResourceClient.js';

/** The calls of a method as something that can be subscribed to and looked at. */
export class CallStore<T, P> {
  readonly #subscribers = new Set<() => void>();
  #result: CallResult<T, P>;
  /** Gives the latest call up. */
  #controller: AbortController | null = null;

  constructor(
    private readonly client: ResourceClient,
    private readonly rid: () => RidOrNone,
    private readonly method: string,
    private readonly options?: CallOptions,
  ) {
    this.#result = this.#of(IDLE);
  }

  readonly subscribe = (subscriber: () => void): (() => void) => {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  };

  readonly getSnapshot = (): CallResult<T, P> => this.#result;

  readonly getServerSnapshot = this.getSnapshot;

  readonly #call = (params?: P): Promise<T> => {
    const controller = (this.#controller = new AbortController());
    const show = (state: object) => {
      if (controller !== this.#controller) return;
      this.#controller = null;
      this.#publish(state);
    };
    this.#publish(PENDING);
    const { signal } = controller;
    // What cannot be asked for throws.
    const called = new Promise<T>((resolve) => {
      const rid = this.rid();
      if (!rid) throw new TypeError(`There is no resource ID yet to call ${this.method} of`);
      if (isEvent(params))
        throw new TypeError(`An event is no parameter of ${this.method}: write () => call() in a handler`);
      resolve(this.client.call(rid, this.method, params, { ...this.options, signal }) as Promise<T>);
    });
    called.then(
      (data) => show({ ...SUCCESS, data }),
      (error: unknown) => show({ ...ERROR, error }),
    );
    return called;
  };

  readonly #abort = (): void => {
    const controller = this.#controller;
    if (!controller) return;
    this.#reset();
    controller.abort();
  };

  readonly #reset = (): void => {
    if (this.#result.isIdle) return;
    this.#controller = null;
    this.#publish(IDLE);
  };

  #of(state: object): CallResult<T, P> {
    return { ...state, call: this.#call, abort: this.#abort, reset: this.#reset } as object as CallResult<T, P>;
  }

  #publish(state: object): void {
    this.#result = this.#of(state);
    for (const subscriber of [...this.#subscribers]) subscriber();
  }
}

/** What a handler is given, by a browser or by React. */
const isEvent = (params: unknown): boolean =>
  typeof Event === 'function' &&
  (params instanceof Event || (params as { nativeEvent?: unknown } | undefined)?.nativeEvent instanceof Event);

const NONE = {
  data: undefined,
  error: null,
  isIdle: false,
  isPending: false,
  isSuccess: false,
  isError: false,
} as const;
const IDLE = { ...NONE, status: 'idle', isIdle: true } as const;
const PENDING = { ...NONE, status: 'pending', isPending: true } as const;
const SUCCESS = { ...NONE, status: 'success', isSuccess: true } as const;
const ERROR = { ...NONE, status: 'error', isError: true } as const;
