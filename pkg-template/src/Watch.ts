import type { EventHandler } from './EventBus.js';
import type { ResError } from './ResError.js';

/** What is listened to on a client. */
export interface WatchedClient {
  on(events: string, handler: EventHandler): void;
  off(events: string, handler: EventHandler): void;
}

/** Who wants to hear what a client tells about a resource. */
export interface Watcher {
  readonly rid: string;
  connected(): void;
  /** The state of the connection is another, or some resources are up to date no more, or again. */
  staleChanged(): void;
  /** A subscription to the resource was refused. */
  refused(error: ResError): void;
  /** Another one has the resource, which this one could not have. */
  foundElsewhere(): void;
}

/** What a watcher has of its watch. */
export interface Watching {
  end(): void;
  /** It could not have its resource. */
  failed(): void;
  /** It has its resource. */
  found(): void;
}

/** Watches a client with one listener for all watchers, of which there may be thousands. */
export function watch(client: WatchedClient, watcher: Watcher): Watching {
  let watch = watches.get(client);
  if (!watch) watches.set(client, (watch = new Watch(client)));
  return watch.add(watcher);
}

class Watch {
  readonly #watchers = new Set<Watcher>();
  /** Those that could not have their resource, by its ID. */
  readonly #without = new Map<string, Set<Watcher>>();

  constructor(private readonly client: WatchedClient) {}

  add(watcher: Watcher): Watching {
    this.#watchers.add(watcher);
    if (this.#watchers.size === 1) {
      this.client.on('connect', this.#connected);
      this.client.on(STALE, this.#staleChanged);
      this.client.on('error', this.#refused as EventHandler);
    }
    return {
      end: () => this.#delete(watcher),
      failed: () => this.#failed(watcher),
      found: () => this.#found(watcher.rid),
    };
  }

  #failed(watcher: Watcher): void {
    const { rid } = watcher;
    this.#without.set(rid, (this.#without.get(rid) ?? new Set()).add(watcher));
  }

  #found(rid: string): void {
    const others = this.#without.get(rid);
    this.#without.delete(rid);
    for (const watcher of others ?? []) watcher.foundElsewhere();
  }

  #delete(watcher: Watcher): void {
    const others = this.#without.get(watcher.rid);
    if (others?.delete(watcher) && others.size === 0) this.#without.delete(watcher.rid);
    if (!this.#watchers.delete(watcher) || this.#watchers.size > 0) return;
    this.client.off('connect', this.#connected);
    this.client.off(STALE, this.#staleChanged);
    this.client.off('error', this.#refused as EventHandler);
  }

  readonly #connected = (): void => {
    for (const watcher of [...this.#watchers]) watcher.connected();
  };

  readonly #staleChanged = (): void => {
    for (const watcher of [...this.#watchers]) watcher.staleChanged();
  };

  readonly #refused = (error: ResError): void => {
    if (error.method !== `subscribe.${error.rid}`) return;
    for (const watcher of [...this.#watchers]) if (watcher.rid === error.rid) watcher.refused(error);
  };
}

/** Events after which something may be stale that was not, or the other way round. */
const STALE = 'state stale';
const watches = new WeakMap<WatchedClient, Watch>();
