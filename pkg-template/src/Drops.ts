import type { Driver } from './driver.js';
import { Entry } from './Entry.js';
import type { Resources } from './Resources.js';
import { ResCollection } from './ResCollection.js';
import { safely } from './safely.js';

/**
 * Lets go of resources that have left the cache. Objects in the application's hands stay readable, with what they refer
 * to: what of it has not been read is taken over as text, for it leaves with them.
 */
export class Drops {
  private handles: number[] = [];

  constructor(
    private readonly resources: Resources,
    private readonly driver: Pick<Driver, 'forget' | 'take'>,
    private readonly dropped: (rid: string) => void,
  ) {}

  add(handle: number): void {
    this.handles.push(handle);
  }

  /** To be called when all operations are done: only then is it known what leaves together. */
  finish(): void {
    const { handles, resources } = this;
    if (handles.length === 0) return;
    this.handles = [];
    const held = handles.map((handle) => resources.peek(handle)).filter((entry) => entry !== undefined);
    this.keepReadable(held, new Set(handles));
    for (const handle of handles) {
      safely(() => {
        const entry = resources.peek(handle);
        if (!entry) return;
        resources.detach(entry);
        if (entry.rid) this.dropped(entry.rid);
      });
      this.driver.forget(handle);
    }
  }

  private keepReadable(held: Entry[], leaving: ReadonlySet<number>): void {
    const done = new Set<Entry>(held);
    const follow = (handle: number): Entry => {
      const entry = this.resources.entry(handle);
      if (leaving.has(handle) && !done.has(entry)) {
        done.add(entry);
        held.push(entry);
      }
      return entry;
    };
    // Grows while it is gone through.
    for (const entry of held) {
      safely(() => {
        if (entry.item === undefined) {
          const record = entry.captured?.record ?? this.resources.take(entry.handle, this.driver);
          entry.captured = { record, targets: Array.from(record.references, follow) };
        } else if (entry.item instanceof ResCollection) {
          // Entries where there were numbers; those that leave too are gone through in their turn.
          for (const slot of entry.item._lazy?.entries() ?? []) {
            if (slot instanceof Entry && slot.handle >= 0) follow(slot.handle);
          }
        }
      });
    }
  }
}
