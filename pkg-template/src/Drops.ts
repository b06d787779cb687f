import type { Driver } from './driver.js';
import type { Entry } from './Entry.js';
import type { Frames } from './frames.js';
import type { LazyItems } from './LazyItems.js';
import type { Memory } from './memory.js';
import { Remains } from './Remains.js';
import type { Resources } from './Resources.js';
import type { ResCollection } from './ResCollection.js';
import { safely } from './safely.js';

/**
 * Lets go of resources that have left the cache. Objects in the application's hands stay readable, with what they refer
 * to: what of it has not been read is taken over as it stands, for it leaves with them.
 */
export class Drops {
  private leaving: Uint32Array[] = [];

  constructor(
    private readonly resources: Resources,
    private readonly driver: Pick<Driver, 'remains'>,
    private readonly memory: Memory,
    private readonly frames: Frames,
    private readonly dropped: (rid: string) => void,
  ) {}

  add(handles: Uint32Array): void {
    this.leaving.push(handles);
  }

  /**
   * To be called when all operations are done: only then is it known what leaves together. Whether nothing is known any more by the
   * numbers of it, which the driver gives to others then. What fails, as it may at the end of the stack, is done with what leaves next.
   */
  finish(): boolean {
    const { leaving, resources } = this;
    if (leaving.length === 0) return true;
    const held: Entry[] = [];
    for (const handles of leaving) {
      for (const handle of handles) {
        const entry = resources.peek(handle);
        if (entry !== undefined) held.push(entry);
      }
    }
    this.keepReadable(held);
    for (const entry of held) resources.detach(entry);
    this.leaving = [];
    for (const { rid } of held) if (rid) safely(() => this.dropped(rid));
    return true;
  }

  private keepReadable(held: Entry[]): void {
    const { resources, memory } = this;
    // What a factory of the application made has its items.
    const listOf = ({ custom, item }: Entry): LazyItems | null =>
      custom ? null : ((item as Partial<ResCollection> | undefined)?._lazy ?? null);
    const roots = held.filter((entry) =>
      entry.item === undefined ? !entry.captured?.reader : listOf(entry)?.isReadBy(resources),
    );
    if (roots.length === 0) return;
    const words = memory.copy(this.driver.remains(Uint32Array.from(roots, (entry) => entry.handle)));
    const remains = new Remains(words, resources, this.frames, resources.nameOf);
    for (const root of roots) {
      // One that cannot be read is no reason why others should not be.
      safely(() => remains.adopt(root));
      listOf(root)?.readBy(remains);
    }
  }
}
