// An overload that is internal differs from the one before it in its documentation, and is left out of the types.
/* eslint @typescript-eslint/unified-signatures: ['error', { ignoreOverloadsWithDifferentJSDoc: true }] */
import type { ClientApi, Resource } from './client.js';
import { Action } from './driver.js';
import { Emitter } from './Emitter.js';
import type { EventBusLike, EventHandler } from './EventBus.js';
import type { ClientState, ConnectError, Inspection } from './events.js';
import { fetched, type ResourceSet } from './fetched.js';
import { follow } from './follow.js';
import { limited, type Limits } from './limited.js';
import { absent } from './Listening.js';
import type {
  ClientOptions,
  OnConnect,
  OnConnectError,
  Options,
  TypeFactory,
  WebSocketFactory,
  WebSocketLike,
} from './options.js';
import { readOptions, requireDelay, resolveUrl } from './readOptions.js';
import type { RequestOptions } from './RequestOptions.js';
import type { Asked } from './Requests.js';
import { ResError } from './ResError.js';
import type { ResourceFactory } from './Resources.js';
import { log } from './safely.js';
import type {
  DescriptionOf,
  Follows,
  KnownRid,
  NamesOf,
  OtherArgs,
  OtherRid,
  ParamsOf,
  Plain,
  ResourceOf,
  ResultOf,
  schema,
  SetOf,
} from './schema.js';
import { Session } from './Session.js';
import { TypeList } from './TypeList.js';
import { instantiate } from './wasm.js';

/**
 * A connection to a RES API. Nothing happens before the first `connect`, `get`, `call` or the like; from then on it
 * connects again by itself for as long as there is anything to keep up to date.
 */
export abstract class BaseClient<S = unknown> implements ClientApi {
  /** URL of the gateway; null when a factory makes the sockets. */
  hostUrl: string | null;
  /** Makes the socket of each connection. */
  wsFactory: WebSocketFactory;
  /** Whether requests are sent at once. */
  connected = false;
  /** The socket, if there is one. */
  ws: WebSocketLike | null = null;
  /** What is called when a connection is up, before it is used; null is nothing. */
  onConnect: OnConnect<this> | null;
  /** What is called when no connection came about; null is nothing. */
  onConnectError: OnConnectError<this> | null;
  /** @internal Tells Vue to leave this alone when it finds it in a reactive object. */
  readonly __v_skip = true;
  /** In types alone: tells the schema to what is handed the client. */
  declare readonly [schema]: Follows<S>;
  /** What the names of its events begin with on the event bus; `resclient` unless an option says otherwise. */
  readonly namespace: string;
  /** What its events, and those of its resources, are emitted on. */
  readonly eventBus: EventBusLike;
  readonly #options: Options;
  readonly #emitter: Emitter;
  readonly #types = {
    models: new TypeList<ResourceFactory>(),
    collections: new TypeList<ResourceFactory>(),
  };
  #session: Session | null = null;
  /** Who wants it to be connected again also when the first attempt fails. */
  #keepers = 0;

  /**
   * `host` is the URL of the gateway, which may be relative to the page, or a function that makes a WebSocket. Throws
   * for an option of a wrong type.
   */
  constructor(host: string | WebSocketFactory, options?: ClientOptions<BaseClient>) {
    if (typeof host === 'function') {
      this.hostUrl = null;
      this.wsFactory = host;
    } else {
      if (typeof host !== 'string') throw new TypeError('The host must be a URL or a function that makes a WebSocket');
      this.hostUrl = resolveUrl(host);
      // Looked up when it is used: a page may replace it.
      this.wsFactory = () => new WebSocket(this.hostUrl!);
    }
    this.#options = readOptions(options);
    this.onConnect = this.#options.onConnect;
    this.onConnectError = this.#options.onConnectError;
    this.namespace = this.#options.namespace;
    this.eventBus = this.#options.eventBus;
    this.#emitter = new Emitter(this.eventBus, this.namespace);
  }

  /** Version of the RES protocol this client speaks. */
  get supportedProtocol(): string {
    return SUPPORTED_PROTOCOL;
  }

  /** State of the connection. It is emitted as the event `state` when it changes. */
  get state(): ClientState {
    return this.#session ? this.#session.connection.state : { state: 'idle' };
  }

  /**
   * Connects, and stays connected until `disconnect`. The promise is the same while connecting and connected. It is
   * rejected with a {@link ConnectError} when the first attempt fails; further ones are made if there is anything to
   * keep up to date.
   */
  connect(): Promise<void> {
    return this.#promise((session) => session.connection.connect());
  }

  /** Closes the connection. Requests that wait for an answer are rejected with `system.disconnect`. */
  disconnect(): void {
    this.#session?.connection.disconnect();
  }

  /**
   * Has a first attempt to connect that fails followed by others, as any later one is, until the function that is returned is
   * called. It does not connect by itself, nor keep `disconnect` from doing what it says.
   */
  keepConnected(): () => void {
    this.#keepers += 1;
    this.#session?.driver.persist(true);
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#keepers -= 1;
      if (this.#keepers === 0) this.#session?.driver.persist(false);
    };
  }

  /** URL of the gateway; null when a factory makes the sockets. */
  getHostUrl(): string | null {
    return this.hostUrl;
  }

  /** Listens to events of the client, space-separated; null stands for any. */
  on(events: 'error', handler: EventHandler<ResError, this>): void;
  on(events: 'connectError', handler: EventHandler<ConnectError, this>): void;
  on(events: 'state', handler: EventHandler<ClientState, this>): void;
  on(events: string | null, handler: EventHandler<unknown, this>): void;
  on(events: string | null, handler: unknown): void {
    this.eventBus.on(this, events, handler, this.namespace);
  }

  /** Removes a handler of events; without one, all of them. */
  off(events?: string | null, handler: EventHandler<never, never> | null = null): void {
    this.eventBus.off(this, events, handler, this.namespace);
  }

  /** Sets what is called when the connection is up, before it is used. */
  setOnConnect(onConnect: OnConnect<this> | null): this {
    this.onConnect = onConnect;
    return this;
  }

  /** Sets what is called when no connection came about. */
  setOnConnectError(onConnectError: OnConnectError<this> | null): this {
    this.onConnectError = onConnectError;
    return this;
  }

  /**
   * Has models whose ID matches the pattern made by a factory. In a pattern `*` stands for one part, and `>` at the end
   * for one or more. Throws when the pattern is invalid or taken.
   */
  registerModelType(pattern: string, factory: TypeFactory<this>): this {
    this.#types.models.addFactory(pattern, factory);
    return this;
  }

  /** The factory that was registered under the pattern, if any. */
  unregisterModelType(pattern: string): TypeFactory<this> | undefined {
    return this.#types.models.removeFactory(pattern);
  }

  /** Has collections whose ID matches the pattern made by a factory; see {@link registerModelType}. */
  registerCollectionType(pattern: string, factory: TypeFactory<this>): this {
    this.#types.collections.addFactory(pattern, factory);
    return this;
  }

  /** The factory that was registered under the pattern, if any. */
  unregisterCollectionType(pattern: string): TypeFactory<this> | undefined {
    return this.#types.collections.removeFactory(pattern);
  }

  /**
   * Gets a resource, which is kept up to date as long as it is listened to and for a while after. Rejected with a
   * {@link ResError}. Throws when the resource ID is missing. Who gives up waiting does not keep others from getting it.
   */
  get<R extends object = Resource, Rid extends string = string>(
    rid: OtherRid<S, Rid>,
    options?: RequestOptions,
  ): Promise<R>;
  /** As the schema has it. */
  get<Rid extends string>(rid: KnownRid<S, Rid>, options?: RequestOptions): Promise<ResourceOf<S, Rid>>;
  get<R extends object>(rid: string, options?: RequestOptions): Promise<R> {
    requireText(rid, RESOURCE_ID);
    return this.#promise((session) => {
      const limits = this.#limits(options);
      const asked = { rid, method: `subscribe.${rid}` };
      return this.#wait(session, asked, limits, () => -session.driver.get(rid));
    });
  }

  /**
   * The resource, if it is cached: nothing is asked for, and it does not stay longer for this. It may be stale. Throws when the
   * resource ID is missing.
   */
  getCached<R extends object = Resource, Rid extends string = string>(rid: OtherRid<S, Rid>): R | undefined;
  /** As the schema has it. */
  getCached<Rid extends string>(rid: KnownRid<S, Rid>): ResourceOf<S, Rid> | undefined;
  getCached(rid: string): object | undefined {
    requireText(rid, RESOURCE_ID);
    return this.#session?.listening.cached(rid)?.item;
  }

  /**
   * Keeps a resource up to date until the function that is returned is called. `listener` is called with it once it is there, and
   * after each of its events; `failed` with what kept it from being got, which is tried again after 10 s, twice as much every
   * time up to 320 s, and on the next connection.
   */
  subscribe<R extends object = Resource, Rid extends string = string>(
    rid: OtherRid<S, Rid>,
    listener?: (resource: R) => void,
    failed?: (error: ResError) => void,
  ): () => void;
  /** As the schema has it. */
  subscribe<Rid extends string>(
    rid: KnownRid<S, Rid>,
    listener?: (resource: ResourceOf<S, Rid>) => void,
    failed?: (error: ResError) => void,
  ): () => void;
  subscribe<R extends object>(
    rid: string,
    listener?: (resource: R) => void,
    failed?: (error: ResError) => void,
  ): () => void {
    requireText(rid, RESOURCE_ID);
    return follow(this, rid, listener, failed);
  }

  /**
   * Whether a resource is not kept up to date at the moment: it is not cached, there is no connection, what is cached is being
   * compared on a new one, or its subscription has ended and not come anew. The event `stale` tells that it may be another matter
   * for some resource while the client is connected. Throws when the resource ID is missing.
   */
  isStale<Rid extends string>(rid: KnownRid<S, Rid> | OtherRid<S, Rid>): boolean;
  isStale(rid: string): boolean {
    requireText(rid, RESOURCE_ID);
    const handle = this.state.state === 'connected' ? this.#session!.driver.find(rid) : -1;
    return handle < 0 || this.#session!.driver.is_stale(handle);
  }

  /** Keeps a cached resource subscribed though nobody listens, until `unkeep`. Throws when it is not cached. */
  keep<Rid extends string>(rid: KnownRid<S, Rid> | OtherRid<S, Rid>): void;
  keep(rid: string): void {
    this.#keep(rid, true);
  }

  /** Takes back what `keep` did. Throws when the resource is not cached. */
  unkeep<Rid extends string>(rid: KnownRid<S, Rid> | OtherRid<S, Rid>): void;
  unkeep(rid: string): void {
    this.#keep(rid, false);
  }

  /**
   * Gets a plain copy of a resource, with what it refers to, as its `toJSON` would make it. It is not subscribed to, not cached,
   * and does not change any more.
   */
  fetch<R = unknown, Rid extends string = string>(rid: OtherRid<S, Rid>, options?: RequestOptions): Promise<R>;
  /** As the schema has it. */
  fetch<Rid extends string>(
    rid: KnownRid<S, Rid>,
    options?: RequestOptions,
  ): Promise<Plain<ResourceOf<S, Rid, unknown>>>;
  async fetch(rid: string, options?: RequestOptions): Promise<unknown> {
    requireText(rid, RESOURCE_ID);
    const set = await this.#request<ResourceSet>(Action.Get, rid, '', undefined, options);
    return fetched(rid, set, (rid) => this.getCached<object>(rid));
  }

  /** Calls a method of a resource; resolves with its result, or with the resource it answers with. */
  call<R = unknown, Rid extends string = string>(
    rid: Rid,
    method: string,
    ...args: OtherArgs<S, Rid, 'methods', [options?: RequestOptions]>
  ): Promise<R>;
  /** As the schema has it. */
  call<Rid extends string, M extends NamesOf<DescriptionOf<S, Rid>, 'methods'>>(
    rid: KnownRid<S, Rid>,
    method: M,
    ...args: ParamsOf<DescriptionOf<S, Rid>, 'methods', M, [options?: RequestOptions]>
  ): Promise<ResultOf<DescriptionOf<S, Rid>, 'methods', M>>;
  call(rid: string, method: string, params?: unknown, options?: RequestOptions): Promise<unknown> {
    requireMethod(rid, method);
    return this.#request(Action.Call, rid, method, params, options);
  }

  /** Calls an authentication method of a resource; resolves as `call` does. */
  authenticate<R = unknown, Rid extends string = string>(
    rid: Rid,
    method: string,
    ...args: OtherArgs<S, Rid, 'auth', [options?: RequestOptions]>
  ): Promise<R>;
  /** As the schema has it. */
  authenticate<Rid extends string, M extends NamesOf<DescriptionOf<S, Rid>, 'auth'>>(
    rid: KnownRid<S, Rid>,
    method: M,
    ...args: ParamsOf<DescriptionOf<S, Rid>, 'auth', M, [options?: RequestOptions]>
  ): Promise<ResultOf<DescriptionOf<S, Rid>, 'auth', M>>;
  authenticate(rid: string, method: string, params?: unknown, options?: RequestOptions): Promise<unknown> {
    requireMethod(rid, method);
    return this.#request(Action.Auth, rid, method, params, options);
  }

  /**
   * Creates a resource; resolves with it.
   * @deprecated Use `call` with the method `new`.
   */
  create<R extends object = Resource>(rid: string, params?: unknown): Promise<R> {
    requireText(rid, RESOURCE_ID);
    return this.#request(Action.New, rid, '', params);
  }

  /** Calls the method `set` of a model. A member that is undefined is deleted. Resolves with `{payload}`. */
  setModel<Rid extends string>(rid: Rid, props: SetOf<DescriptionOf<S, Rid>>): Promise<{ payload?: unknown }>;
  setModel(rid: string, props: object): Promise<{ payload?: unknown }> {
    requireText(rid, RESOURCE_ID);
    const params: Record<string, unknown> = { ...props };
    for (const key of Object.keys(params)) if (params[key] === undefined) params[key] = { action: 'delete' };
    return this.#request(Action.Call, rid, 'set', params, undefined, true);
  }

  /** What `on` of models and collections calls. Throws when the resource is not cached. */
  resourceOn(rid: string, events?: string | null, handler?: EventHandler | null): void;
  /** @internal With the engine's number of the resource and its object. */
  resourceOn(rid: string, events?: string | null, handler?: EventHandler | null, handle?: number, item?: object): void;
  resourceOn(rid: string, events?: string | null, handler?: EventHandler | null, handle?: number, item?: object): void {
    (this.#session?.listening ?? absent(rid)).on(rid, events, handler, handle, item);
  }

  /** What `off` of models and collections calls. Throws when the resource is not cached, or `on` was not called so. */
  resourceOff(rid: string, events?: string | null, handler?: EventHandler | null): void;
  /** @internal With the engine's number of the resource and its object. */
  resourceOff(rid: string, events?: string | null, handler?: EventHandler | null, handle?: number, item?: object): void;
  resourceOff(
    rid: string,
    events?: string | null,
    handler?: EventHandler | null,
    handle?: number,
    item?: object,
  ): void {
    (this.#session?.listening ?? absent(rid)).off(rid, events, handler, handle, item);
  }

  /** The state of the connection and of everything cached. */
  inspect(): Inspection {
    if (this.#session && !this.#session.isLost) return JSON.parse(this.#session.driver.inspect()) as Inspection;
    return { state: this.state.state, protocol: SUPPORTED_PROTOCOL, counters: {}, resources: [] };
  }

  /** @internal */
  __refused(rid: string, property: string, error: Error): void {
    this.#report(rid, new Error(`${error.message}: ${property} of ${rid}`));
  }

  /** @internal The compiled engine, now. */
  protected abstract __module(): WebAssembly.Module;

  #start(): Session {
    if (this.#session && !this.#session.isLost) return this.#session;
    const factory = () => this.wsFactory();
    const engine = instantiate(() => this.__module());
    const report = (rid: string, error: unknown) => this.#report(rid, error);
    this.#session = new Session(this, this.#emitter, this.#options, this.#types, factory, engine, report);
    this.#session.driver.persist(this.#keepers > 0);
    return this.#session;
  }

  /** Where there can be no engine, that is an answer like any other. */
  #promise<R>(run: (session: Session) => Promise<R>): Promise<R> {
    try {
      return run(this.#start());
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  #request<R>(
    action: Action,
    rid: string,
    name: string,
    params: unknown,
    options?: RequestOptions,
    raw = false,
  ): Promise<R> {
    return this.#promise((session) => {
      const { driver } = session;
      const limits = this.#limits(options);
      const given = params || undefined;
      // Undefined where there is nothing that JSON could hold, whatever the types say.
      const json = JSON.stringify(given) as string | undefined;
      const asked = { rid, method: `${ACTIONS[action]}.${rid}${name && `.${name}`}`, params: given, raw };
      return this.#wait(session, asked, limits, () => driver.request(action, rid, name, json ?? ''));
    });
  }

  /**
   * Asks, within limits, and again where the service says when and the option that it should be. `ask` answers the number of the
   * request, or minus that of the resource if it is cached.
   */
  #wait<R>(session: Session, asked: Asked, limits: Limits, ask: () => number): Promise<R> {
    const { driver, requests, resources, connection, waits } = session;
    let request = 0;
    let isOfHook = false;
    const attempt = () => {
      if (isOfHook) connection.onConnect.resume();
      request = ask();
      if (request <= 0) return Promise.resolve(resources.object(-request) as R);
      isOfHook = connection.onConnect.asks(request);
      return requests.wait<R>(request, asked);
    };
    const promise = this.#options.retryOnTooActive ? waits.ask(asked, attempt) : attempt();
    return limited(promise, asked, limits, () => {
      waits.end(asked);
      if (driver.give_up(request)) requests.forget(request);
    });
  }

  #keep(rid: string, kept: boolean): void {
    requireText(rid, RESOURCE_ID);
    (this.#session?.listening ?? absent(rid)).keep(rid, kept);
  }

  /** Throws for what is no time, and the signal's reason. */
  #limits(options?: RequestOptions): Limits {
    const { timeout = this.#options.requestTimeout, signal } = options ?? {};
    requireDelay(timeout);
    signal?.throwIfAborted();
    return { timeout, signal };
  }

  /** Tells of a failure in a class of the application; the other resources are not affected. */
  #report(rid: string, error: unknown): void {
    log(error);
    const message = error instanceof Error ? error.message : String(error);
    this.#emitter.emit(this, 'error', new ResError(rid).__init({ code: 'resclient.typeError', message, data: error }));
  }
}

function requireMethod(rid: string, method: string): void {
  requireText(rid, RESOURCE_ID);
  requireText(method, 'method');
}

/** Half a character would be another on the wire, and so the name of something else. */
function requireText(text: unknown, what: string): void {
  if (typeof text !== 'string' || /^$|\p{Surrogate}/u.test(text)) throw new Error(`Invalid ${what}`);
}

const RESOURCE_ID = 'resource ID';
/** Names of the actions on the wire. */
const ACTIONS = ['call', 'auth', 'new', 'get'];
const SUPPORTED_PROTOCOL = '1.2.3';
