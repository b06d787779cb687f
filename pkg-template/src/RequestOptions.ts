/** How long a request is waited for. */
export interface RequestOptions {
  /** Milliseconds until it is rejected with `system.timeout`; 0 for never. Default: the option `requestTimeout` of the client. */
  timeout?: number;
  /** Rejects it with the signal's reason. */
  signal?: AbortSignal;
}
