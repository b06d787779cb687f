import type { Debug } from './Debug.js';
import { type Deferred, deferred } from './deferred.js';
import type { Driver } from './driver.js';
import type { Emitter } from './Emitter.js';
import type { ClientState, ConnectError } from './events.js';
import { Hook } from './Hook.js';
import { LocalError, localError } from './localErrors.js';
import type { OnConnect, OnConnectError, WebSocketLike } from './options.js';
import { log, safely } from './safely.js';

/** What the connection shows on its client. */
export interface ConnectionOwner {
  connected: boolean;
  ws: WebSocketLike | null;
  onConnect: OnConnect<never> | null;
  onConnectError: OnConnectError<never> | null;
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
  /** Why there is no connection, once there is none. */
  private reason: ConnectError = disconnectCalled();
  readonly onConnect: Hook;

  constructor(
    private readonly owner: ConnectionOwner,
    private readonly emitter: Emitter,
    private readonly driver: Pick<Driver, 'connect' | 'disconnect' | 'hook_done' | 'admit'>,
    private readonly fatalCloseCodes: readonly number[],
    private readonly debug: Debug | null,
  ) {
    this.onConnect = new Hook(driver);
  }

  /** The promise of a connection: the same while connecting and connected. */
  connect(): Promise<undefined> {
    if (this.pending) return this.pending.promise;
    this.closing = false;
    const pending = pendingConnect();
    this.pending = pending;
    if (this.usable) pending.resolve(undefined);
    try {
      this.driver.connect();
    } catch (error) {
      // Nothing would settle it.
      this.pending = null;
      throw error;
    }
    return pending.promise;
  }

  disconnect(): void {
    const { ws } = this.owner;
    this.closing = true;
    this.driver.disconnect();
    // The socket was left before it could tell.
    if (ws) this.debug?.tell('close', 'ResClient close', disconnectCalled());
    // Between attempts there is nothing that could fail any more.
    if (this.state.state === 'closed' && this.pending) this.failed(LocalError.Disconnect);
  }

  /** The application's socket factory made a socket, or has promised one. */
  opened(socket: object | null): void {
    this.owner.ws = socket as WebSocketLike | null;
    this.closing = false;
    this.failure = undefined;
    this.closeEvent = undefined;
  }

  /** Something went wrong that the next failure is to tell about. */
  blame(failure: unknown): void {
    this.failure = failure;
  }

  /** Answers whether the socket was closed in a way that says not to come back. */
  socketEvent(kind: number, event: unknown): boolean {
    if (kind === SOCKET_OPEN) this.openEvent = event;
    else if (kind === SOCKET_ERROR) this.failure = event;
    else this.closeEvent = event;
    return kind === SOCKET_CLOSE && this.fatalCloseCodes.includes((event as { code?: number } | undefined)?.code ?? 0);
  }

  changed(state: ClientState): void {
    if (state.state === 'closed') state.reason = this.closing ? disconnectCalled() : this.reason;
    this.state = state;
    if (state.state === 'closed' || state.state === 'waiting') this.owner.ws = null;
    if (!this.usable) this.onConnect.stop();
    for (const event of RETURNS) heed(event, this.retry, state.state === 'waiting');
    heed('pagehide', this.leave, this.usable || state.state === 'connecting');
    this.emitter.emit(this.owner, 'state', state);
  }

  /** The handshake is done, and `onConnect` is what comes next. */
  hook(): void {
    const { onConnect } = this.owner;
    if (!onConnect) {
      this.driver.hook_done(true);
      return;
    }
    const failed = (error: unknown) => {
      this.failure = error;
      log(error);
    };
    void this.onConnect.run(() => this.callHook(onConnect), failed);
  }

  /** There is no use in waiting any longer, unless nobody looks. */
  private readonly retry = (): void => {
    if (globalThis.document?.visibilityState !== 'hidden') this.driver.connect();
  };

  /** A page is kept for whoever comes back to it, but not with a connection; when it is shown again there is another. */
  private readonly leave = (event: Event): void => {
    if ((event as PageTransitionEvent).persisted) safely(() => this.owner.ws?.close());
  };

  connected(): void {
    this.owner.connected = true;
    this.pending ??= pendingConnect();
    this.pending.resolve(undefined);
    this.emitter.emit(this.owner, 'connect', this.openEvent);
  }

  disconnected(number = LocalError.ConnectionError): void {
    this.owner.connected = false;
    this.owner.ws = null;
    this.pending = null;
    this.onConnect.stop();
    const lost = localError(number);
    this.reason = { ...lost, data: this.closeEvent ?? this.failure };
    this.emitter.emit(this.owner, 'disconnect', this.closing ? disconnectCalled() : (this.closeEvent ?? lost));
  }

  failed(number: number): void {
    const pending = this.pending;
    const error = this.error(number);
    this.pending = null;
    this.owner.ws = null;
    this.onConnect.stop();
    this.reason = error;
    pending?.reject(error);
    this.emitter.emit(this.owner, 'connectError', error);
    safely(() => this.owner.onConnectError?.(error, this.owner as never));
  }

  /** A failure on this side, with what the socket told about it. */
  error(number: number): ConnectError {
    if (number === LocalError.Disconnect && this.closing) return disconnectCalled();
    const error: ConnectError = localError(number);
    const data = this.failure ?? this.closeEvent;
    if (data !== undefined && number !== LocalError.UnknownError && number !== LocalError.CacheFull) error.data = data;
    return error;
  }

  get usable(): boolean {
    return this.state.state === 'connected' || this.state.state === 'stale';
  }

  /** `connected` is true until the callback returns, so that it can tell by it that it may send. */
  private callHook(onConnect: OnConnect<never>): unknown {
    const { owner } = this;
    owner.connected = true;
    try {
      return onConnect.call(owner, owner as never);
    } finally {
      owner.connected = false;
    }
  }
}

/** Listens to the page, or no longer. Node has none. */
function heed(event: string, listener: (event: Event) => void, is: boolean): void {
  const { addEventListener, removeEventListener } = globalThis as Partial<typeof globalThis>;
  (is ? addEventListener : removeEventListener)?.call(globalThis, event, listener as EventListener);
}

function pendingConnect(): Deferred<undefined> {
  const pending = deferred<undefined>();
  // Who is not interested in the promise hears of failures by the event.
  pending.promise.catch(() => {});
  return pending;
}

const disconnectCalled = (): ConnectError => ({ code: 'system.disconnect', message: 'Disconnect called' });
/** Events of a page that the network, or somebody to look at it, is there again. */
const RETURNS = ['online', 'pageshow', 'visibilitychange'];
const SOCKET_OPEN = 0;
const SOCKET_ERROR = 1;
const SOCKET_CLOSE = 2;
