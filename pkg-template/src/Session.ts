import type { ClientApi } from './client.js';
import { Connection, type ConnectionOwner } from './Connection.js';
import { Debug } from './Debug.js';
import type { Driver, Engine } from './driver.js';
import { Drops } from './Drops.js';
import type { Emitter } from './Emitter.js';
import type { ClientState } from './events.js';
import { Frames } from './frames.js';
import { guarded } from './guarded.js';
import { Host, type HostParts } from './Host.js';
import { Listening } from './Listening.js';
import { LocalError, localError } from './localErrors.js';
import { Memory } from './memory.js';
import type { Options, WebSocketFactory } from './options.js';
import { type Outcome, type Pending, Requests } from './Requests.js';
import { type ErrorObject, ResError } from './ResError.js';
import { type Report, Resources, type ResourceTypes } from './Resources.js';
import { log } from './safely.js';
import { type SessionEvents, Tape } from './Tape.js';
import { delayOf, Waits } from './tooActive.js';
import { Updates } from './Updates.js';
import { Values } from './Values.js';

/** The client the session works for. */
export type SessionOwner = ClientApi & ConnectionOwner;

/** A client at work: made when it is used first, because that is when the engine is needed. */
export class Session implements SessionEvents {
  readonly driver: Driver;
  readonly connection: Connection;
  readonly resources: Resources;
  readonly listening: Listening;
  readonly requests = new Requests();
  /** Requests to be made again. */
  readonly waits = new Waits();
  /** Whether the engine has failed: another session is to be made. */
  isLost = false;
  private readonly values: Values;
  private readonly host: Host;
  /** What the host calls, which only this holds while the client is idle. */
  private readonly parts: HostParts;
  private readonly debug: Debug | null;

  constructor(
    private readonly owner: SessionOwner,
    private readonly emitter: Emitter,
    options: Options,
    types: ResourceTypes,
    factory: WebSocketFactory,
    readonly engine: Engine,
    report: Report,
  ) {
    const memory = new Memory(engine.memory);
    const frames = new Frames();
    this.debug = options.debug ? new Debug(options.debug) : null;
    const host = new Host();
    const inner = new engine.Driver(
      host,
      options.unsubscribeDelay,
      options.subscribeStaleDelay,
      options.subscribeRetryDelay,
      // Nothing doubled is nothing.
      Math.max(1, options.reconnectDelay),
      options.reconnectDelayMax,
      options.handshakeTimeout,
      options.heartbeatInterval,
      options.heartbeatTimeout,
      options.maxResources,
      randomWord(),
      randomWord(),
    );
    const driver = guarded(inner, this);
    this.driver = driver;
    this.connection = new Connection(owner, emitter, driver, options.fatalCloseCodes, this.debug);
    this.resources = new Resources(owner, types, driver, memory, frames, report);
    this.listening = new Listening(driver, this.resources, emitter);
    this.values = new Values(memory, frames, this.resources);
    const updates = new Updates(memory, this.values, this.resources, emitter, driver, report);
    const drops = new Drops(this.resources, driver, memory, frames, (rid) =>
      this.debug?.tell('cacheDelete', `Cache delete: ${rid}`),
    );
    const tape = new Tape(memory, frames, this.values, this.resources, updates, drops, this);
    this.host = host;
    this.parts = { driver, memory, frames, tape, connection: this.connection, factory, debug: this.debug };
    host.attach(this.parts);
  }

  settled(request: number, kind: number, a: number, b: number): void {
    let outcome: Outcome;
    try {
      outcome = this.outcome(kind, a, b);
    } catch (error) {
      // Who waits for the answer is the one to hear that it could not be made.
      outcome = ({ reject }) => reject(error);
    }
    this.connection.onConnect.answers(request);
    this.requests.settle(request, outcome);
  }

  private outcome(kind: number, a: number, b: number): Outcome {
    switch (kind) {
      case Settled.Resource: {
        const item = this.resources.object(a);
        const { rid } = this.resources.entry(a);
        return (pending) => this.succeeded(pending, pending.raw ? { rid } : item);
      }
      case Settled.Payload: {
        const payload = this.values.json(a, b);
        const raw = a === b ? {} : { payload };
        return (pending) => this.succeeded(pending, pending.raw ? raw : payload);
      }
      case Settled.Error: {
        const object = this.values.json(a, b) as ErrorObject;
        return ({ rid, method, params, reject }) => {
          const error = new ResError(rid, method, params).__init(object);
          this.emitter.emit(this.owner, 'error', error);
          reject(error);
        };
      }
      case Settled.Result: {
        const result = this.values.json(a, b);
        return (pending) => this.succeeded(pending, result);
      }
      default: {
        const error = this.connection.error(a);
        return ({ rid, method, params, reject }) => reject(new ResError(rid, method, params).__init(error));
      }
    }
  }

  private succeeded({ method, resolve }: Pending, result: unknown): void {
    // In `onConnect` it is only a step of it, and `connect` follows.
    if (this.connection.usable && method.startsWith('auth.')) this.emitter.emit(this.owner, 'authenticate', undefined);
    resolve(result);
  }

  refused(handle: number, unsubscribe: boolean, start: number, end: number): void {
    this.resources.object(handle);
    const { rid } = this.resources.entry(handle);
    const error = this.tell(new ResError(rid, `${unsubscribe ? 'unsubscribe' : 'subscribe'}.${rid}`), start, end);
    this.driver.postpone(handle, delayOf(error) ?? 0);
  }

  handshakeRefused(start: number, end: number): void {
    this.connection.blame(this.tell(new ResError('', 'version'), start, end));
  }

  /** An error nobody waits for, with what the gateway said of it. */
  private tell(error: ResError, start: number, end: number): ResError {
    error.__init((this.values.json(start, end) ?? {}) as ErrorObject);
    this.emitter.emit(this.owner, 'error', error);
    return error;
  }

  stale(): void {
    this.emitter.emit(this.owner, 'stale', undefined);
  }

  state(state: number, untilLow: number, untilHigh: number): void {
    const name = STATES[state]!;
    this.host.hold(name !== 'closed');
    if (name === 'closed') this.waits.end();
    this.connection.changed(
      name === 'waiting' ? { state: name, until: float(untilLow, untilHigh) - this.host.setBack } : { state: name },
    );
  }

  /** The engine has failed, by a fault of its own or for want of memory. What waits for it is told so, and what was listened to. */
  lost(error: unknown): void {
    this.host.end();
    log(error);
    const { connection, owner, emitter } = this;
    connection.blame(error);
    for (const request of this.requests.numbers()) this.settled(request, Settled.Failed, LocalError.Internal, 0);
    if (owner.connected) connection.disconnected(LocalError.Internal);
    else connection.failed(LocalError.Internal);
    this.state(CLOSED, 0, 0);
    for (const rid of this.resources.abandon()) {
      const told = new ResError(rid, `subscribe.${rid}`).__init(localError(LocalError.Internal));
      emitter.emit(owner, 'error', told);
    }
  }

  hook(): void {
    this.connection.hook();
  }

  connected(): void {
    this.connection.connected();
  }

  disconnected(): void {
    this.connection.disconnected();
  }

  connectFailed(error: number): void {
    this.connection.failed(error);
  }
}

const enum Settled {
  Resource = 0,
  Payload = 1,
  Error = 2,
  Failed = 3,
  Result = 4,
}

const STATES: ClientState['state'][] = ['idle', 'connecting', 'stale', 'connected', 'waiting', 'closed'];

const CLOSED = 5;

const randomWord = () => Math.floor(Math.random() * 0x1_0000_0000);

/** A number from the two halves of its bits, which are in the order of the memory they come from. */
const float = (low: number, high: number): number => new Float64Array(new Uint32Array([low, high]).buffer)[0]!;
