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
  readonly #watchers = new Map<string, Set<Watcher>>();
  /** Those that could not have their resource. */
  readonly #without = new Set<Watcher>();

  constructor(private readonly client: WatchedClient) {}

  add(watcher: Watcher): void {
    const own = this.#watchers.get(watcher.rid);
    if (own) return void own.add(watcher);
    this.#watchers.set(watcher.rid, new Set([watcher]));
    if (this.#watchers.size === 1) this.#listen('on');
  }

  delete(watcher: Watcher): void {
    this.#without.delete(watcher);
    const own = this.#watchers.get(watcher.rid);
    if (!own?.delete(watcher) || own.size > 0) return;
    this.#watchers.delete(watcher.rid);
    if (this.#watchers.size === 0) this.#listen('off');
  }

  /** It could not have its resource. */
  failed(watcher: Watcher): void {
    this.#without.add(watcher);
  }

  /** One that was without its resource, or is new, has it. */
  found(rid: string): void {
    // Nobody goes through thousands who have it.
    if (this.#without.size > 0) this.#tell(this.#of(rid));
  }

  #tell(watchers: Watcher[]): void {
    for (const watcher of watchers) if (this.#without.delete(watcher)) watcher.mayBeThere();
  }

  /** As they are now: whoever is told something may come or leave. */
  #of(rid: string): Watcher[] {
    return [...(this.#watchers.get(rid) ?? [])];
  }

  #all(): Watcher[] {
    return [...this.#watchers.values()].flatMap((watchers) => [...watchers]);
  }

  #listen(change: 'on' | 'off'): void {
    this.client[change]('connect', this.#connected);
    this.client[change](STALE, this.#staleChanged);
    this.client[change]('error', this.#refused as EventHandler);
    this.client[change]('authenticate', this.#authenticated);
  }

  readonly #connected = (): void => {
    for (const watcher of this.#all()) watcher.connected();
  };

  readonly #staleChanged = (): void => {
    for (const watcher of this.#all()) watcher.staleChanged();
  };

  readonly #authenticated = (): void => this.#tell([...this.#without]);

  readonly #refused = (error: ResError): void => {
    if (error.method !== `subscribe.${error.rid}`) return;
    for (const watcher of this.#of(error.rid)) watcher.refused(error);
  };
}

/** Events after which something may be stale that was not, or the other way round. */
const STALE = 'state stale';
const watches = new WeakMap<WatchedClient, Watch>();
