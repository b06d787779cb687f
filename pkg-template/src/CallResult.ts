import type { ResError } from './ResError.js';

/** What is known of the latest call of a method. A new object whenever any of it is another. */
export type CallResult<T, P> = CallActions<T, P> &
  (
    | { status: 'idle'; data: undefined; error: null; isIdle: true; isPending: false; isSuccess: false; isError: false }
    | {
        status: 'pending';
        data: undefined;
        error: null;
        isIdle: false;
        isPending: true;
        isSuccess: false;
        isError: false;
      }
    | { status: 'success'; data: T; error: null; isIdle: false; isPending: false; isSuccess: true; isError: false }
    | {
        status: 'error';
        data: undefined;
        error: ResError;
        isIdle: false;
        isPending: false;
        isSuccess: false;
        isError: true;
      }
  );

interface CallActions<T, P> {
  /**
   * Calls the method. Resolves or is rejected with the outcome, and need not be waited for: nothing is reported as an unhandled
   * rejection. A call before it that is still pending goes on, but its outcome is not shown.
   */
  call: (...params: undefined extends P ? [params?: P] : [params: P]) => Promise<T>;
  /** Gives the pending call up: it is rejected, and nothing is shown of it. What was sent is not taken back. */
  abort: () => void;
  /** Forgets the outcome. */
  reset: () => void;
}

/** Options of a call. */
export interface CallOptions {
  /** Milliseconds until a call is rejected with `system.timeout`; 0 for never. Default: the option `requestTimeout` of the client. */
  timeout?: number | undefined;
}
