import { Entry } from './Entry.js';

/** Reads resources for whoever shows them. */
export interface ResourceReader {
  entry(handle: number): Entry;
  read(entry: Entry): object;
}

/**
 * Items of a collection before they are asked for. References stand as the engine's numbers as long as nothing but
 * references is known and nothing moves, and as entries after that.
 */
export class LazyItems {
  /** Tells Vue to leave this alone when it finds it in a reactive object. */
  readonly __v_skip = true;
  /** Values, and entries where a reference has not been read. */
  private slots: unknown[] | null;

  private constructor(
    private readonly reader: ResourceReader,
    private handles: Uint32Array,
    slots: unknown[] | null,
  ) {
    this.slots = slots;
  }

  /** Every item is a reference. */
  static ofReferences(reader: ResourceReader, handles: Uint32Array): LazyItems {
    return new LazyItems(reader, handles, null);
  }

  /** Some items are references: entries among the values. */
  static ofMixed(reader: ResourceReader, slots: unknown[]): LazyItems {
    return new LazyItems(reader, new Uint32Array(0), slots);
  }

  get length(): number {
    return this.slots ? this.slots.length : this.handles.length;
  }

  /** Reads one item, if there is one. */
  at(idx: number): unknown {
    if (this.slots) {
      const slot = this.slots[idx];
      return slot instanceof Entry ? this.reader.read(slot) : slot;
    }
    const handle = this.handles[idx];
    return handle === undefined ? undefined : this.reader.read(this.reader.entry(handle));
  }

  /** Reads all items; the list is the caller's then. */
  all(): unknown[] {
    const { reader } = this;
    if (this.slots === null) {
      const list = new Array<unknown>(this.handles.length);
      for (let i = 0; i < list.length; i++) list[i] = reader.read(reader.entry(this.handles[i]!));
      return list;
    }
    const list = this.slots;
    for (let i = 0; i < list.length; i++) {
      const slot = list[i];
      if (slot instanceof Entry) list[i] = reader.read(slot);
    }
    return list;
  }

  insert(idx: number, slot: unknown): void {
    this.entries().splice(idx, 0, slot);
  }

  /** The item that was there, or its entry. */
  remove(idx: number): unknown {
    return this.entries().splice(idx, 1)[0];
  }

  /** The items with an entry for every reference, which stays valid when its number is given to another resource. */
  entries(): unknown[] {
    if (this.slots === null) {
      const slots = new Array<unknown>(this.handles.length);
      for (let i = 0; i < slots.length; i++) slots[i] = this.reader.entry(this.handles[i]!);
      this.slots = slots;
      this.handles = new Uint32Array(0);
    }
    return this.slots;
  }
}
