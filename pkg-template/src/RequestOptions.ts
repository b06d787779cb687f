/** How long a request is waited for. */
export interface RequestOptions {
  /** Milliseconds until it is rejected with `system.timeout`; 0 for never. Default: the option `requestTimeout` of the client. */
  timeout?: number | undefined;
  /** Rejects it with the signal's reason. */
  signal?: AbortSignalLike | undefined;
}

/** What is used of an `AbortSignal`. A type of its own, since programs for neither a browser nor Node know no other. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
