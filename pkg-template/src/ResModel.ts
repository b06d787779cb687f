import type { ClientApi } from './client.js';
import { type Definition, update } from './definition.js';
import { same } from './equal.js';
import type { EventHandler } from './EventBus.js';
import { serialise } from './json.js';
import type { UnsubscribeEvent } from './events.js';
import { setMember } from './members.js';
import type { DescribedModel, Undescribed } from './schema.js';
import { isSerialisable } from './serialisable.js';

/**
 * A model whose members are typed: those of `T` can be read from it directly. `D` may say what its methods and events
 * are; see {@link Description}.
 */
export type Model<T extends object = Record<string, unknown>, D = unknown> = ResModel<T> &
  Readonly<Omit<T, keyof ResModel>> &
  (unknown extends D ? unknown : DescribedModel<D, T>);

/** Options of {@link ResModel}. */
export interface ModelOptions {
  /** Types and defaults of the members. Others are left out. */
  definition?: Definition | null;
}

/**
 * A model kept in sync with the service. Its members are properties of the object itself, but for those whose name
 * begins with an underscore or is that of a method; all are in {@link ResModel.props}.
 */
export class ResModel<T extends object = Record<string, unknown>> {
  /** @internal */
  _definition: Definition | null;
  /** @internal */
  _rid: string;
  /** @internal */
  _api: ClientApi;
  /** @internal */
  _props: T;
  /** @internal The engine's number for the resource; negative when it is not in the cache. */
  _handle = -1;

  /** Models are made by the client. A factory calls this for a class of its own. */
  constructor(api: ClientApi, rid: string, options?: ModelOptions | null) {
    this._definition = options ? definitionOf(options) : null;
    this._rid = rid;
    this._api = api;
    this._props = {} as T;
  }

  /** All members. Kept up to date, and not to be changed directly. */
  get props(): T {
    return this._props;
  }

  /** The client that keeps it up to date. */
  getClient(): ClientApi {
    return this._api;
  }

  /** ID of the model, with its query if it has one. */
  getResourceId(): string {
    return this._rid;
  }

  /**
   * Listens to `change` (with the old values of what changed), `unsubscribe` or custom events, space-separated; null
   * stands for any. As long as there is a listener the resource stays subscribed. Without arguments that is all it does.
   */
  on(event: 'change', handler: EventHandler<Partial<T>, this>): this;
  on(event: 'unsubscribe', handler: EventHandler<UnsubscribeEvent<this>, this>): this;
  on(this: Undescribed, events?: string | null, handler?: EventHandler<unknown, this>): this;
  on(events?: string | null, handler?: unknown): this {
    this._api.resourceOn(this._rid, events, handler as EventHandler | undefined, this._handle, this);
    return this;
  }

  /** Takes back what `on` was called with. Throws when it was not. */
  off(events?: string | null, handler?: EventHandler<never, never>): this {
    this._api.resourceOff(this._rid, events, handler as EventHandler | undefined, this._handle, this);
    return this;
  }

  /** Calls the method `set` to change members. A member that is undefined is deleted. */
  set(this: Undescribed, props: Partial<T> | Record<string, unknown>): Promise<{ payload?: unknown }>;
  set(props: object): Promise<{ payload?: unknown }> {
    return this._api.setModel(this._rid, props);
  }

  /** Calls a method; resolves with its result. */
  call<R = unknown>(this: Undescribed, method: string, params?: unknown): Promise<R>;
  call<R>(method: string, params?: unknown): Promise<R> {
    return this._api.call<R>(this._rid, method, params);
  }

  /** Calls an authentication method; resolves with its result. */
  auth<R = unknown>(this: Undescribed, method: string, params?: unknown): Promise<R>;
  auth<R>(method: string, params?: unknown): Promise<R> {
    return this._api.authenticate<R>(this._rid, method, params);
  }

  /** A plain copy, with the resources it refers to. */
  toJSON(): object {
    return serialise(this, isSerialisable);
  }

  /** Called by the client with the members of a model of a registered type, once. */
  __init(props: Record<string, unknown>): void {
    this.__update(props, false);
  }

  /**
   * Called by the client with members of a model of a registered type that were given a value, which may be the one they have.
   * Undefined deletes a member; with `reset` those that are missing are deleted too. Answers the old values of what
   * changed, or null.
   */
  __update(props: Record<string, unknown> | null | undefined, reset?: boolean): Record<string, unknown> | null {
    if (!props) return null;
    const own = this._props as Record<string, unknown>;
    let next = props;
    if (reset) {
      next = { ...props };
      for (const key of Object.keys(own)) if (!Object.hasOwn(props, key)) next[key] = undefined;
    }
    const changed = this._definition
      ? update(own, next, this._definition, (key, error) => refuse(this, key, error))
      : assign(own, next);
    for (const key of Object.keys(changed ?? {})) promote(this, key, own[key]);
    return changed;
  }

  /** @internal */
  __content(): Record<string, unknown> {
    if (!this._definition) return { ...(this._props as Record<string, unknown>) };
    const content = {};
    update(content, this._props, this._definition, () => {});
    return content;
  }
}

/** Without a client that could be told, as in a test of a class of the application, it is thrown. */
function refuse<T extends object>(model: ResModel<T>, key: string, error: Error): void {
  const api = model._api as Partial<ClientApi> | null;
  if (!api?.__refused) throw error;
  api.__refused(model._rid, key, error);
}

/** Gives the model itself a member, if the name is free. */
function promote(model: object, key: string, value: unknown): void {
  const self = model as Record<string, unknown>;
  if (key[0] === '_' || !(Object.hasOwn(self, key) || !self[key])) return;
  if (value === undefined) delete self[key];
  else self[key] = value;
}

function assign(own: Record<string, unknown>, next: Record<string, unknown>): Record<string, unknown> | null {
  let changed: Record<string, unknown> | null = null;
  for (const key of Object.keys(next)) {
    const value = next[key];
    const old = Object.hasOwn(own, key) ? own[key] : undefined;
    if (same(old, value)) continue;
    setMember((changed ??= {}), key, old);
    if (value === undefined) delete own[key];
    else setMember(own, key, value);
  }
  return changed;
}

function definitionOf(options: ModelOptions): Definition | null {
  const definition = options.definition ?? null;
  if (typeof definition !== 'object') throw new Error('Not an object or null');
  return definition;
}
