import type { EventHandler } from './EventBus.js';
import type { UnsubscribeEvent } from './events.js';
import type { ResError } from './ResError.js';
import { Retry } from './Retry.js';
import { type Watch, type WatchedClient, watchOf } from './Watch.js';

/** What following a resource needs of a client. */
export interface FollowedClient extends WatchedClient {
  /** What stands for the present connection. */
  readonly ws: object | null;
  get(rid: string, options?: { timeout?: number }): Promise<object>;
  keepConnected?(): () => void;
}

/** A model or collection, as far as following it goes. */
export interface Live {
  on(events: null, handler: EventHandler): unknown;
  off(events: null, handler: EventHandler): unknown;
}

/** Who follows a resource. */
export interface Follower {
  /** The resource is there, or another object is. */
  found(resource: Live): void;
  /** It has had an event that may have changed it. */
  heard(event: string): void;
  /** It may be up to date no more, or again. */
  staleChanged?(): void;
  /** It could not be had, or is not kept up to date any more; it is asked for again. */
  failed(error: ResError): void;
}

/**
 * Gets and listens to a resource for as long as somebody follows it: again after an error, on a new connection, and when it
 * becomes a resource of another kind.
 */
export class Following {
  /** What is listened to. */
  private live: Live | undefined;
  private failure: unknown;
  /** The connection that had an answer, if one had. */
  private refusedBy: unknown;
  /** Number of the latest question: answers to earlier ones do not count. */
  private question = 0;
  /** Without a connection, the next one is what to wait for: who disconnects does not want another. */
  private readonly retry = new Retry(() => this.client.ws && this.ask());
  private watch: Watch | null = null;
  private letGo: (() => void) | undefined;

  constructor(
    private readonly client: FollowedClient,
    readonly rid: string,
    private readonly follower: Follower,
  ) {}

  /** `cached` is the resource, if the client has it. */
  start(cached?: Live): void {
    this.watch = watchOf(this.client);
    this.watch.add(this);
    this.letGo = this.client.keepConnected?.();
    if (cached) this.show(cached);
    void this.ask();
  }

  stop(): void {
    this.watch?.delete(this);
    this.watch = null;
    this.letGo?.();
    this.retry.stop();
    this.release();
  }

  /**
   * Asks for the resource, if it is followed: what is returned resolves when there is an answer. Nothing is sent for what the client
   * has, unless the service has deleted it.
   */
  ask(): Promise<void> | undefined {
    if (!this.watch) return undefined;
    const question = ++this.question;
    const answered = (item: object) => {
      if (question !== this.question) return;
      if (isLive(item)) this.show(item);
      else this.fail(item as ResError);
    };
    // However long it takes: nobody waits for this promise.
    return this.client.get(this.rid, { timeout: 0 }).then(answered, answered as (error: unknown) => void);
  }

  /** It may be told so only after the first answers, or when the connection has gone again. */
  connected(): void {
    const { ws } = this.client;
    if (!this.live && ws && ws !== this.refusedBy) void this.ask();
  }

  mayBeThere(): void {
    if (!this.live) void this.ask();
  }

  staleChanged(): void {
    this.follower.staleChanged?.();
  }

  refused(error: ResError): void {
    if (this.live && error !== this.failure) this.fail(error);
  }

  private show(live: Live): void {
    const isNew = live !== this.live;
    if (isNew) {
      this.release();
      try {
        live.on(null, this.heard);
      } catch (error) {
        // It has left the cache already: the gateway took it away in the task in which it came.
        return this.fail(Object.assign(error as ResError, { code: 'system.noSubscription', rid: this.rid }));
      }
      this.live = live;
    }
    this.retry.succeeded();
    this.follower.found(live);
    if (isNew) this.watch?.found(this.rid);
  }

  private fail(error: ResError): void {
    this.release();
    this.failure = error;
    this.refusedBy = this.retry.failed(error) && this.client.ws;
    this.watch?.failed(this);
    this.follower.failed(error);
  }

  private release(): void {
    const { live } = this;
    this.question += 1;
    this.live = undefined;
    live?.off(null, this.heard);
  }

  private readonly heard: EventHandler = (data, live, _event, action) => {
    if (live !== this.live) return;
    if (action === 'unsubscribe') this.ended((data as UnsubscribeEvent).reason);
    // An end of the subscription may follow. For what is only referred to none does, and the answer to a question tells.
    else if (action === 'delete') void this.ask();
    else this.follower.heard(action ?? '');
  };

  /** After any other reason the client subscribes again by itself, and reports when that is refused. */
  private ended(reason: ResError | undefined): void {
    if (reason?.code === 'system.accessDenied' || reason?.code === 'system.deleted') this.fail(reason);
    else if (reason?.code === 'resclient.replaced') void this.ask();
  }
}

/** What stands in for a resource that could not be had is an error, which has no events. */
export const isLive = (item: object | undefined): item is Live =>
  typeof (item as Partial<Live> | undefined)?.on === 'function';
