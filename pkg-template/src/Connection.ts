import { type Deferred, deferred } from './deferred.js';
import type { Driver } from './driver.js';
import type { Emitter } from './Emitter.js';
import type { ClientState, ConnectError } from './events.js';
import { LocalError, localError } from './localErrors.js';
import type { OnConnect, WebSocketLike } from './options.js';

/** What the connection shows on its client. */
export interface ConnectionOwner {
  connected: boolean;
  ws: WebSocketLike | null;
  onConnect: OnConnect<never> | null;
}

/** The connection as the application sees it: its state, the promise of `connect`, and the events of the client. */
export class Connection {
  state: ClientState = { state: 'idle' };
  private pending: Deferred<undefined> | null = null;
  private openEvent: unknown;
  private closeEvent: unknown;
  /** What went wrong last: the socket's error event, what the factory or `onConnect` threw. */
  private failure: unknown;
  /** Set from a call of `disconnect` until there is another socket. */
  private closing = false;
  /** Number of the latest run of `onConnect`. */
  private hooks = 0;

  constructor(
    private readonly owner: ConnectionOwner,
    private readonly emitter: Emitter,
    private readonly driver: Pick<Driver, 'connect' | 'disconnect' | 'hook_done'>,
  ) {}

  /** The promise of a connection: the same while connecting and connected. */
  connect(): Promise<undefined> {
    if (this.pending) return this.pending.promise;
    this.closing = false;
    const pending = pendingConnect();
    this.pending = pending;
    if (this.state.state === 'connected') pending.resolve(undefined);
    this.driver.connect();
    return pending.promise;
  }

  disconnect(): void {
    this.closing = true;
    this.driver.disconnect();
    // Between attempts there is nothing that could fail any more.
    if (this.state.state === 'idle' && this.pending) this.failed(LocalError.Disconnect);
  }

  /** The application's socket factory made a socket. */
  opened(socket: object): void {
    this.owner.ws = socket as WebSocketLike;
    this.closing = false;
    this.failure = undefined;
    this.closeEvent = undefined;
  }

  /** Something went wrong that the next failure is to tell about. */
  blame(failure: unknown): void {
    this.failure = failure;
  }

  socketEvent(kind: number, event: unknown): void {
    if (kind === SOCKET_OPEN) this.openEvent = event;
    else if (kind === SOCKET_ERROR) this.failure = event;
    else this.closeEvent = event;
  }

  changed(state: ClientState): void {
    this.state = state;
    if (state.state === 'idle' || state.state === 'waiting') this.owner.ws = null;
    // A hook that is still running belongs to a connection that is gone.
    if (state.state !== 'connected') this.hooks += 1;
    const listen = state.state === 'waiting' ? globalThis.addEventListener : globalThis.removeEventListener;
    // Node has neither.
    for (const event of RETURNS) (listen as typeof listen | undefined)?.(event, this.retry);
    this.emitter.emit(this.owner, 'state', state);
  }

  /** Runs `onConnect`, in a task of its own because it is the application's. */
  hook(): void {
    const hook = ++this.hooks;
    if (!this.owner.onConnect) {
      this.driver.hook_done(true);
      return;
    }
    const done = (ok: boolean) => {
      if (hook === this.hooks) this.driver.hook_done(ok);
    };
    void Promise.resolve()
      .then(() => {
        if (hook === this.hooks) return this.runHook();
      })
      .then(
        () => done(true),
        (error: unknown) => {
          if (hook === this.hooks) {
            this.failure = error;
            console.error(error);
          }
          done(false);
        },
      );
  }

  /** There is no use in waiting any longer, unless nobody looks. */
  private readonly retry = (): void => {
    if (globalThis.document?.visibilityState !== 'hidden') this.driver.connect();
  };

  connected(): void {
    this.owner.connected = true;
    this.pending ??= pendingConnect();
    this.pending.resolve(undefined);
    this.emitter.emit(this.owner, 'connect', this.openEvent);
  }

  disconnected(): void {
    this.owner.connected = false;
    this.owner.ws = null;
    this.pending = null;
    this.hooks += 1;
    const event = this.closing ? DISCONNECT_CALLED : (this.closeEvent ?? localError(LocalError.ConnectionError));
    this.emitter.emit(this.owner, 'disconnect', event);
  }

  failed(number: number): void {
    const pending = this.pending;
    const error: ConnectError = number === LocalError.Disconnect ? { ...DISCONNECT_CALLED } : localError(number);
    if (number !== LocalError.Disconnect) error.data = this.failure ?? this.closeEvent;
    this.pending = null;
    this.owner.ws = null;
    this.hooks += 1;
    pending?.reject(error);
    this.emitter.emit(this.owner, 'connectError', error);
  }

  /** `connected` is true until the callback returns, so that it can tell by it that it may send. */
  private runHook(): unknown {
    const { owner } = this;
    owner.connected = true;
    try {
      return owner.onConnect?.(owner as never);
    } finally {
      owner.connected = false;
    }
  }
}

function pendingConnect(): Deferred<undefined> {
  const pending = deferred<undefined>();
  // Who is not interested in the promise hears of failures by the event.
  pending.promise.catch(() => {});
  return pending;
}

const DISCONNECT_CALLED = { code: 'system.disconnect', message: 'Disconnect called' };
/** Events of a page that the network, or somebody to look at it, is there again. */
const RETURNS = ['online', 'pageshow', 'visibilitychange'];
const SOCKET_OPEN = 0;
const SOCKET_ERROR = 1;
