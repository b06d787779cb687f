import type { Driver } from './driver.js';
import type { Emitter } from './Emitter.js';
import type { Entry } from './Entry.js';
import type { EventHandler } from './EventBus.js';
import { countEvents } from './eventNames.js';
import type { Resources } from './Resources.js';

/**
 * Who listens to cached resources, and what is kept without: either holds a subscription. A resource is given by its ID, or by the
 * engine's number that its object has.
 */
export class Listening {
  constructor(
    private readonly driver: Driver,
    private readonly resources: Resources,
    private readonly emitter: Emitter,
  ) {}

  /** The entry of a resource, whose object is there or being made; undefined when it is not cached. */
  cached(rid: string, handle = this.driver.find(rid)): Entry | undefined {
    if (handle < 0) {
      // An object that the application's factory is making has no number yet.
      const made = this.resources.peek(this.driver.find(rid));
      return made?.isBeingMade ? made : undefined;
    }
    const entry = this.resources.entry(handle);
    if (entry.isBeingMade) return undefined;
    this.resources.read(entry);
    // A factory of the application may have done what it left the cache by. And the number of a frozen object may be another's by now.
    return entry.handle < 0 || entry.rid !== rid ? undefined : entry;
  }

  /** `item` is the object, which may still be in the making. */
  on(
    rid: string,
    events: string | null | undefined,
    handler: EventHandler | null | undefined,
    handle?: number,
    item?: object,
  ): void {
    const entry = this.cached(rid, handle) ?? absent(rid);
    this.emitter.bus.on((entry.item ?? item)!, events, handler, this.channel(rid));
    // The bus may be the application's, too.
    for (let n = countEvents(events); n > 0 && entry.handle >= 0; n--) {
      entry.listeners += 1;
      this.driver.listen(entry.handle);
    }
  }

  /** `item` is the object, which may have left the cache: then it has listeners, but nothing hangs on them. */
  off(
    rid: string,
    events: string | null | undefined,
    handler: EventHandler | null | undefined,
    handle?: number,
    item?: object,
  ): void {
    const entry = this.cached(rid, handle);
    this.emitter.bus.off(entry?.item ?? item ?? absent(rid), events, handler, this.channel(rid), true);
    if (!entry) return;
    for (let n = countEvents(events); n > 0 && entry.handle >= 0; n--) {
      if (entry.listeners === 0) throw new Error('Direct count reached below 0');
      entry.listeners -= 1;
      this.driver.unlisten(entry.handle);
    }
  }

  keep(rid: string, kept: boolean): void {
    const entry = this.cached(rid) ?? absent(rid);
    if (entry.kept === kept) return;
    entry.kept = kept;
    if (kept) this.driver.listen(entry.handle);
    else this.driver.unlisten(entry.handle);
  }

  private channel(rid: string): string {
    return `${this.emitter.namespace}.resource.${rid}`;
  }
}

/** Throws. */
export function absent(rid: string): never {
  throw new Error(`Resource ${rid} not found in cache`);
}
