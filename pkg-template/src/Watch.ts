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
  /** The resource could not be had, and may be now: another one has it, or the client has authenticated. */
  mayBeThere(): void;
}

/** The watch of a client, which has one listener for all watchers, of which there may be thousands. */
export function watchOf(client: WatchedClient): Watch {
  let watch = watches.get(client);
  if (!watch) watches.set(client, (watch = new Watch(client)));
  return watch;
}

export class Watch {
  readonly #watchers = new Set<Watcher>();
  /** Those that could not have their resource. */
  readonly #without = new Set<Watcher>();

  constructor(private readonly client: WatchedClient) {}

  add(watcher: Watcher): void {
    this.#watchers.add(watcher);
    if (this.#watchers.size === 1) this.#listen('on');
  }

  delete(watcher: Watcher): void {
    this.#without.delete(watcher);
    if (this.#watchers.delete(watcher) && this.#watchers.size === 0) this.#listen('off');
  }

  /** It could not have its resource. */
  failed(watcher: Watcher): void {
    this.#without.add(watcher);
  }

  /** One that was without its resource, or is new, has it. */
  found(rid: string): void {
    this.#tellWithout((watcher) => watcher.rid === rid);
  }

  #tellWithout(fits: (watcher: Watcher) => boolean): void {
    for (const watcher of [...this.#without].filter(fits)) {
      this.#without.delete(watcher);
      watcher.mayBeThere();
    }
  }

  #listen(change: 'on' | 'off'): void {
    this.client[change]('connect', this.#connected);
    this.client[change](STALE, this.#staleChanged);
    this.client[change]('error', this.#refused as EventHandler);
    this.client[change]('authenticate', this.#authenticated);
  }

  readonly #connected = (): void => {
    for (const watcher of [...this.#watchers]) watcher.connected();
  };

  readonly #staleChanged = (): void => {
    for (const watcher of [...this.#watchers]) watcher.staleChanged();
  };

  readonly #authenticated = (): void => this.#tellWithout(() => true);

  readonly #refused = (error: ResError): void => {
    if (error.method !== `subscribe.${error.rid}`) return;
    for (const watcher of [...this.#watchers]) if (watcher.rid === error.rid) watcher.refused(error);
  };
}

/** Events after which something may be stale that was not, or the other way round. */
const STALE = 'state stale';
const watches = new WeakMap<WatchedClient, Watch>();
