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
}

/** Watches a client with one listener for all watchers, of which there may be thousands, until the function returned is called. */
export function watch(client: WatchedClient, watcher: Watcher): () => void {
  let watch = watches.get(client);
  if (!watch) watches.set(client, (watch = new Watch(client)));
  watch.add(watcher);
  return () => watch.delete(watcher);
}

class Watch {
  readonly #watchers = new Set<Watcher>();

  constructor(private readonly client: WatchedClient) {}

  add(watcher: Watcher): void {
    this.#watchers.add(watcher);
    if (this.#watchers.size > 1) return;
    this.client.on('connect', this.#connected);
    this.client.on(STALE, this.#staleChanged);
    this.client.on('error', this.#refused as EventHandler);
  }

  delete(watcher: Watcher): void {
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
