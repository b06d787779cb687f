import { alike } from './alike.js';
import type { EventHandler } from './EventBus.js';
import type { ClientState, UnsubscribeEvent } from './events.js';
import type { ResError } from './ResError.js';
import type { ResourceResult } from './ResourceResult.js';
import { Retry } from './Retry.js';

/** What is used of a client: either of `resclient-wasm` or of `resclient-wasm/slim`. */
export interface ResourceClient {
  readonly state: ClientState;
  get(rid: string, options?: { timeout?: number }): Promise<object>;
  getCached(rid: string): object | undefined;
  on(events: string, handler: EventHandler): void;
  off(events: string, handler: EventHandler): void;
  keepConnected?(): () => void;
}

/**
 * A resource as something that can be subscribed to and looked at, which is what user interface frameworks want. It is
 * asked for and listened to as long as there is a subscriber. Without a resource ID nothing is asked for.
 */
export class ResourceStore<D, R extends object> {
  readonly #client: ResourceClient;
  readonly #rid: string | null | undefined;
  readonly #pending: ResourceResult<D, R>;
  readonly #subscribers = new Set<() => void>();
  #result: ResourceResult<D, R>;
  /** What is listened to. */
  #live: LiveResource | undefined;
  #failure: unknown;
  /** Number of the latest question: answers to earlier ones do not count. */
  #question = 0;
  #outdated = false;
  #letGo: (() => void) | undefined;
  readonly #retry = new Retry(() => this.#ask());

  constructor(client: ResourceClient, rid: string | null | undefined) {
    this.#client = client;
    this.#rid = rid;
    this.#pending = { ...PENDING, isLoading: rid != null, refetch: () => this.#ask() };
    this.#result = this.#pending;
    const cached = this.#cached();
    if (cached) this.#result = this.#success(cached);
  }

  readonly subscribe = (subscriber: () => void): (() => void) => {
    this.#subscribers.add(subscriber);
    if (this.#subscribers.size === 1) this.#start();
    return () => {
      if (this.#subscribers.delete(subscriber) && this.#subscribers.size === 0) this.#stop();
    };
  };

  readonly getSnapshot = (): ResourceResult<D, R> => this.#result;

  /** On a server nothing is asked for, and in the page the first look has to be like that of the server. */
  readonly getServerSnapshot = (): ResourceResult<D, R> => this.#pending;

  #start(): void {
    if (this.#rid == null) return;
    this.#letGo = this.#client.keepConnected?.();
    this.#client.on('connect', this.#connected);
    this.#client.on('error', this.#refused as EventHandler);
    const cached = this.#cached();
    if (cached) this.#show(cached);
    this.#ask();
  }

  #stop(): void {
    this.#letGo?.();
    this.#retry.stop();
    this.#client.off('connect', this.#connected);
    this.#client.off('error', this.#refused as EventHandler);
    this.#release();
  }

  /** Nothing is sent for what the client has, unless the service has deleted it. */
  #ask(): void {
    if (this.#rid == null || this.#subscribers.size === 0) return;
    const question = ++this.#question;
    // However long it takes: nobody waits for this promise.
    this.#client.get(this.#rid, { timeout: 0 }).then(
      (item) => {
        if (question !== this.#question) return;
        if (isLive(item)) this.#show(item);
        else this.#fail(item as ResError);
      },
      (error: unknown) => {
        if (question === this.#question) this.#fail(error as ResError);
      },
    );
  }

  #show(live: LiveResource): void {
    if (live !== this.#live) {
      this.#release();
      live.on(null, this.#heard);
      this.#live = live;
    }
    this.#retry.succeeded();
    this.#publish(this.#success(live));
  }

  #fail(error: ResError): void {
    this.#release();
    this.#retry.failed(error);
    this.#failure = error;
    this.#publish({ ...FAILED, data: this.#result.data, error, refetch: this.#pending.refetch });
  }

  #release(): void {
    this.#question += 1;
    this.#live?.off(null, this.#heard);
    this.#live = undefined;
  }

  readonly #heard: EventHandler = (data, _live, _event, action) => {
    if (action === 'change' || action === 'add' || action === 'remove') this.#outdate();
    else if (action === 'unsubscribe') this.#ended((data as UnsubscribeEvent).reason);
    // An end of the subscription may follow. For what is only referred to none does, and the answer to a question tells.
    else if (action === 'delete') this.#ask();
  };

  /** All events of one task make one snapshot. */
  #outdate(): void {
    if (this.#outdated) return;
    this.#outdated = true;
    queueMicrotask(() => {
      this.#outdated = false;
      if (this.#live) this.#publish(this.#success(this.#live));
    });
  }

  /** After any other reason the client subscribes again by itself, and reports when that is refused. */
  #ended(reason: ResError | undefined): void {
    if (reason?.code === 'system.accessDenied' || reason?.code === 'system.deleted') this.#fail(reason);
    else if (reason?.code === 'resclient.replaced') this.#ask();
  }

  readonly #refused = (error: ResError): void => {
    const mine = error.rid === this.#rid && error.method === `subscribe.${this.#rid}`;
    if (mine && this.#live && error !== this.#failure) this.#fail(error);
  };

  readonly #connected = (): void => {
    if (this.#result.isError) this.#ask();
  };

  #cached(): LiveResource | undefined {
    const cached = this.#rid == null ? undefined : this.#client.getCached(this.#rid);
    return isLive(cached) ? cached : undefined;
  }

  #success(live: LiveResource): ResourceResult<D, R> {
    const copy = live.toArray ? live.toArray() : { ...live.props };
    const { data: before } = this.#result;
    const data = (alike(before, copy) ? before : copy) as D;
    return { ...SUCCEEDED, data, resource: live as object as R, refetch: this.#pending.refetch };
  }

  #publish(result: ResourceResult<D, R>): void {
    if (alike(this.#result, result)) return;
    this.#result = result;
    for (const subscriber of [...this.#subscribers]) subscriber();
  }
}

/** What is used of a model or collection. */
interface LiveResource {
  readonly props?: object;
  toArray?(): unknown[];
  on(events: null, handler: EventHandler): unknown;
  off(events: null, handler: EventHandler): unknown;
}

/** What stands in for a resource that could not be had is an error, which has no events. */
const isLive = (item: object | undefined): item is LiveResource =>
  typeof (item as Partial<LiveResource> | undefined)?.on === 'function';

const NEITHER = { data: undefined, error: null, resource: undefined, isPending: false, isSuccess: false } as const;
const PENDING = { ...NEITHER, status: 'pending', isPending: true, isError: false } as const;
const SUCCEEDED = { ...NEITHER, status: 'success', isSuccess: true, isError: false, isLoading: false } as const;
const FAILED = { ...NEITHER, status: 'error', isError: true, isLoading: false } as const;
