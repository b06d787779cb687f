import type { ClientApi } from './client.js';
import type { EventHandler } from './EventBus.js';
import type { AddEvent, RemoveEvent, UnsubscribeEvent } from './events.js';
import { serialise } from './json.js';
import type { LazyItems } from './LazyItems.js';
import type { Described, Undescribed } from './schema.js';
import { isSerialisable } from './serialisable.js';

/** Options of {@link ResCollection}. */
export interface CollectionOptions<T = unknown> {
  /** Answers the ID under which {@link ResCollection.get} finds an item. */
  idCallback?: ((item: T) => unknown) | null;
}

/** A collection of items of type `T`. `D` may say what its methods and events are; see {@link Description}. */
export type Collection<T = unknown, D = unknown> = ResCollection<T> &
  (unknown extends D ? unknown : Described<D, { add: AddEvent<T>; remove: RemoveEvent<T> }>);

/** A collection kept in sync with the service: an ordered list of values, models and collections. */
export class ResCollection<T = unknown> {
  /** @internal */
  _api: ClientApi;
  /** @internal */
  _rid: string;
  /** @internal The items, once they have been asked for. */
  __items: T[] | null = null;
  /** @internal The items as long as they have not. */
  _lazy: LazyItems | null = null;
  /** @internal The engine's number for the resource; negative when it is not in the cache. */
  _handle = -1;
  /** @internal */
  _idCallback: ((item: T) => unknown) | null;
  /** @internal */
  _map: Map<string, T> | null;

  /** Collections are made by the client. A factory calls this for a class of its own. */
  constructor(api: ClientApi, rid: string, options?: CollectionOptions<T> | null) {
    const idCallback = options?.idCallback ?? null;
    if (idCallback !== null && typeof idCallback !== 'function') throw new Error('Not a function or null');
    this._api = api;
    this._rid = rid;
    this._idCallback = idCallback;
    this._map = idCallback ? new Map() : null;
  }

  /** The client that keeps it up to date. */
  getClient(): ClientApi {
    return this._api;
  }

  /** ID of the collection, with its query if it has one. */
  getResourceId(): string {
    return this._rid;
  }

  /** Number of items. */
  get length(): number {
    return this._lazy ? this._lazy.length : itemsOf(this).length;
  }

  /** @internal What applications read that came to know resclient from the inside. */
  get _list(): T[] {
    return itemsOf(this);
  }

  /** The items themselves. Kept up to date, and not to be changed directly. */
  get list(): T[] {
    return itemsOf(this);
  }

  /**
   * Listens to `add`, `remove`, `unsubscribe` or custom events, space-separated; null stands for any. As long as there
   * is a listener the resource stays subscribed. Without arguments that is all it does.
   */
  on(event: 'add', handler: EventHandler<AddEvent<T>, this>): this;
  on(event: 'remove', handler: EventHandler<RemoveEvent<T>, this>): this;
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

  /** The item with this ID. Throws when the collection was made without an ID callback. */
  get(id: string): T | undefined {
    if (!this._map) throw new Error('No id callback defined');
    return this._map.get(String(id));
  }

  /** Place of an item, −1 when it is not there. */
  indexOf(item: T): number {
    return itemsOf(this).indexOf(item);
  }

  /** The item at a place; undefined when there is none. */
  atIndex(idx: number): T | undefined {
    return this._lazy ? (this._lazy.at(idx) as T | undefined) : itemsOf(this)[idx];
  }

  /** A copy of the list. */
  toArray(): T[] {
    return itemsOf(this).slice();
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

  /** Called by the client with the items of a collection of a registered type, once. */
  __init(items: T[] | null | undefined): void {
    this.__items = items ?? [];
    this._lazy = null;
    if (!this._map) return;
    this._map.clear();
    for (const item of this.__items) index(this, item);
  }

  /** Called by the client with an item that was added. */
  __add(item: T, idx: number): void {
    itemsOf(this).splice(idx, 0, item);
    index(this, item);
  }

  /** Called by the client for an item that was removed; answers it. */
  __remove(idx: number): T | undefined {
    const [item] = itemsOf(this).splice(idx, 1);
    if (this._map && this._idCallback) this._map.delete(String(this._idCallback(item as T)));
    return item;
  }

  /** A plain copy, with the resources it refers to. */
  toJSON(): unknown[] {
    return serialise(this, isSerialisable) as unknown[];
  }

  /** @internal */
  __content(): unknown[] {
    return itemsOf(this).slice();
  }

  /** Goes over as many items as there are when it is called. */
  [Symbol.iterator](): IterableIterator<T> {
    const items = itemsOf(this);
    const length = items.length;
    let i = 0;
    return {
      next: () => (i < length ? { value: items[i++]!, done: false } : { value: undefined, done: true }),
      [Symbol.iterator]() {
        return this;
      },
    };
  }
}

function itemsOf<T>(collection: ResCollection<T>): T[] {
  if (collection._lazy) {
    collection.__items = collection._lazy.all() as T[];
    collection._lazy = null;
  }
  return (collection.__items ??= []);
}

function index<T>(collection: ResCollection<T>, item: T): void {
  const { _map } = collection;
  if (!_map || !collection._idCallback) return;
  const id = String(collection._idCallback(item));
  if (_map.has(id)) throw new Error(`Duplicate id - ${id}`);
  _map.set(id, item);
}
