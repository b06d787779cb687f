import { Entry } from './Entry.js';

/** Reads resources for whoever shows them. */
export interface ResourceReader {
  entry(handle: number): Entry;
  read(entry: Entry): object;
  /** Reads many at once, if it can. */
  readAll(handles: Uint32Array): void;
}

/**
 * Items of a collection before they are asked for: values, and entries where a reference has not been read; or the engine's
 * numbers, as long as nothing but references is known and nothing moves.
 */
export class LazyItems {
  /** Tells Vue to leave this alone when it finds it in a reactive object. */
  readonly __v_skip = true;

  constructor(
    private reader: ResourceReader,
    private slots: unknown[] | Uint32Array,
  ) {}

  /** Whether nothing is known but numbers, by which this reader finds the items. */
  isReadBy(reader: ResourceReader): boolean {
    return this.reader === reader && this.slots instanceof Uint32Array;
  }

  /** The numbers may mean other resources from now on. */
  readBy(reader: ResourceReader): void {
    this.reader = reader;
  }

  get length(): number {
    return this.slots.length;
  }

  /** Reads one item, if there is one. */
  at(idx: number): unknown {
    const { reader, slots } = this;
    const slot = slots[idx];
    if (slot instanceof Entry) return reader.read(slot);
    return slots instanceof Uint32Array && slot !== undefined ? reader.read(reader.entry(slot as number)) : slot;
  }

  /** Reads all items; the list is the caller's then. */
  all(): unknown[] {
    const { slots } = this;
    if (slots instanceof Uint32Array) this.reader.readAll(slots);
    const list = this.entries();
    for (let i = 0; i < list.length; i++) {
      const slot = list[i];
      if (slot instanceof Entry) list[i] = this.reader.read(slot);
    }
    return list;
  }

  /** The items with an entry for every reference, which stays valid when its number is given to another resource. */
  entries(): unknown[] {
    const { reader, slots } = this;
    if (!(slots instanceof Uint32Array)) return slots;
    return (this.slots = Array.from(slots, (handle) => reader.entry(handle)));
  }
}
