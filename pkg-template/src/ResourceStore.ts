import { alike } from './alike.js';
import type { RidOrNone } from './Fallback.js';
import { Following, isLive, type Live } from './Following.js';
import type { ResError } from './ResError.js';
import type { ResourceClient } from './ResourceClient.js';
import type { ResourceResult } from './ResourceResult.js';
import { isSame, withData } from './results.js';

/**
 * A resource as something that can be subscribed to and looked at, which is what user interface frameworks want. It is
 * asked for and listened to as long as there is a subscriber. Without a resource ID nothing is asked for.
 */
export class ResourceStore<D, R extends object> {
  readonly #client: ResourceClient;
  readonly #following: Following | null;
  readonly #pending: ResourceResult<D, R>;
  readonly #subscribers = new Set<() => void>();
  #result: ResourceResult<D, R>;
  /** What is followed, while it is there. */
  #live: Live | undefined;
  #outdated = false;
  /** What was answered when the result was last asked whether it is stale, if it was: only then it matters that it changes. */
  #stale: boolean | undefined;

  /** `fallbackData` are shown until the resource is there. */
  constructor(client: ResourceClient, rid: RidOrNone, fallbackData?: D) {
    this.#client = client;
    this.#following = rid
      ? new Following(client, rid, {
          found: (live) => this.#show(live),
          heard: (event) => CHANGES.has(event) && this.#outdate(),
          failed: (error) => this.#fail(error),
          staleChanged: () => this.#compare(),
        })
      : null;
    this.#pending = this.#of({ ...PENDING, data: fallbackData, isLoading: this.#following !== null });
    this.#result = this.#pending;
  }

  readonly subscribe = (subscriber: () => void): (() => void) => {
    this.#subscribers.add(subscriber);
    if (this.#subscribers.size === 1) {
      this.#look();
      this.#following?.start(this.#cached());
    }
    return () => {
      if (this.#subscribers.delete(subscriber) && this.#subscribers.size === 0) this.#stop();
    };
  };

  readonly getSnapshot = (): ResourceResult<D, R> => {
    if (this.#subscribers.size === 0) this.#look();
    return this.#result;
  };

  /** On a server nothing is asked for, and in the page the first look has to be like that of the server. */
  readonly getServerSnapshot = (): ResourceResult<D, R> => this.#pending;

  #stop(): void {
    this.#following?.stop();
    this.#live = undefined;
  }

  #show(live: Live): void {
    this.#live = live;
    this.#publish(this.#success(live));
  }

  #fail(error: ResError): void {
    this.#live = undefined;
    this.#publish(this.#of({ ...FAILED, data: this.#result.data, error }));
  }

  /** All events of one task make one snapshot. */
  #outdate(): void {
    if (this.#outdated) return;
    this.#outdated = true;
    queueMicrotask(() => {
      this.#outdated = false;
      if (this.#live) this.#publish(this.#success(this.#live));
    });
  }

  /** What nobody subscribed to may have changed or left the cache, and what left it cannot be listened to again. */
  #look(): void {
    const cached = this.#cached();
    this.#publish(cached ? this.#success(cached) : this.#pending);
  }

  /** Whether it is stale may be another matter now. */
  #compare(): void {
    if (this.#stale === undefined || this.#stale === this.#isStale(this.#result)) return;
    this.#replace(withData(this.#result, this.#result.data, this.#lookup(this.#result)));
  }

  #cached(): Live | undefined {
    const cached = this.#following ? this.#client.getCached(this.#following.rid) : undefined;
    return isLive(cached) ? cached : undefined;
  }

  #success(live: Live): ResourceResult<D, R> {
    const copy = copyOf(live);
    const { data: before } = this.#result;
    const data = (alike(before, copy) ? before : copy) as D;
    return this.#of({ ...SUCCEEDED, data, resource: live as object as R });
  }

  /** A result. Whether it is stale is not among what is compared, and found out when somebody wants to know. */
  #of(known: object): ResourceResult<D, R> {
    const result = { ...known, refetch: this.refetch } as ResourceResult<D, R>;
    return withData(result, result.data, this.#lookup(result));
  }

  /** Answers whether a result is stale, always the same. */
  #lookup({ data, resource }: ResourceResult<D, R>): (asked: object) => boolean {
    let isStale: boolean | undefined;
    return (asked) => {
      isStale ??= this.#isStale({ data, resource });
      if (asked === this.#result) this.#stale = isStale;
      return isStale;
    };
  }

  #isStale({ data, resource }: Pick<ResourceResult<D, R>, 'data' | 'resource'>): boolean {
    if (data === undefined) return false;
    const client = this.#client;
    if (!resource || client.state.state !== 'connected') return true;
    return client.isStale?.(this.#following!.rid) ?? false;
  }

  /** Asks for it again. */
  readonly refetch = async (): Promise<void> => {
    const asked = this.#following?.ask();
    if (asked && this.#result.isError)
      this.#publish(this.#of({ ...PENDING, data: this.#result.data, isLoading: true }));
    await asked;
  };

  #publish(result: ResourceResult<D, R>): void {
    if (isSame(this.#result, result)) this.#compare();
    else this.#replace(result);
  }

  #replace(result: ResourceResult<D, R>): void {
    this.#result = result;
    // Who wanted to know it does so again.
    if (this.#stale !== undefined) this.#stale = result.isStale;
    for (const subscriber of [...this.#subscribers]) subscriber();
  }
}

/** What is read of a model or collection, and of an object of the application's own. */
interface Content extends Live {
  readonly props?: object;
  readonly toArray?: () => unknown[];
  readonly toJSON?: () => unknown;
}

function copyOf(live: Content): unknown {
  const { toArray, props, toJSON } = live;
  // A model may have members of these names, but no member is a function.
  if (typeof toArray === 'function') return toArray.call(live);
  const content = props ?? (typeof toJSON === 'function' ? toJSON.call(live) : {});
  // It may be what the object goes on writing to.
  if (Array.isArray(content)) return [...(content as unknown[])];
  return typeof content === 'object' ? { ...content } : content;
}

/** Events that change a model or a collection. */
const CHANGES = new Set(['change', 'add', 'remove']);
const NEITHER = { data: undefined, error: null, resource: undefined, isPending: false, isSuccess: false } as const;
const PENDING = { ...NEITHER, status: 'pending', isPending: true, isError: false } as const;
const SUCCEEDED = { ...NEITHER, status: 'success', isSuccess: true, isError: false, isLoading: false } as const;
const FAILED = { ...NEITHER, status: 'error', isError: true, isLoading: false } as const;
