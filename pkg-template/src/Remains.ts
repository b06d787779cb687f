import { Entry } from './Entry.js';
import type { Frames } from './frames.js';
import type { ResourceReader } from './LazyItems.js';
import { type NameOf, type ReadRecord, readRecord, recordFrame, recordLength } from './record.js';

/**
 * What is left of resources that have left the cache unread: their records, and what these are read with, for their numbers, and
 * those of frames and names, are given to others. A record is looked up when its resource is read, if it ever is.
 */
export class Remains implements ResourceReader {
  /** What is there already: what else is referred to, and what the application has in hand. */
  private readonly entries = new Map<number, Entry>();
  private readonly texts = new Map<number, string>();
  private readonly names = new Map<number, string>();
  /** Where the first record is. */
  private readonly first: number;
  /** Where they all are. */
  private places: Map<number, number> | null = null;

  /** `words` are a copy of what the driver gave. */
  constructor(
    private readonly words: Uint32Array,
    private readonly resources: ResourceReader,
    frames: Frames,
    nameOf: NameOf,
  ) {
    let at = 1;
    const list = (): Uint32Array => words.subarray(at + 1, (at += 1 + words[at]!));
    for (const handle of list()) this.entries.set(handle, resources.entry(handle));
    for (const frame of list()) this.texts.set(frame, frames.text(frame));
    for (const key of list()) this.names.set(key, nameOf(key));
    this.first = at;
  }

  /** A resource of the application's that has left with the others, and may not have been read. */
  adopt(entry: Entry): void {
    this.entries.set(entry.handle, entry);
    if (entry.item !== undefined) return;
    if (entry.captured === null) this.capture(entry, entry.handle);
    // What could not be made when it was to be read.
    else if (entry.captured.reader === null) entry.captured = { record: entry.captured.record, reader: this };
  }

  entry(handle: number): Entry {
    let entry = this.entries.get(handle);
    if (entry === undefined) {
      entry = new Entry(-1);
      this.capture(entry, handle);
      this.entries.set(handle, entry);
    }
    return entry;
  }

  read(entry: Entry): object {
    return this.resources.read(entry);
  }

  readAll(): void {
    // The engine has none of them any more: each is made of its record, one by one.
  }

  private capture(entry: Entry, handle: number): void {
    entry.captured = { record: this.record(handle), reader: this };
  }

  private record(handle: number): ReadRecord {
    const { words } = this;
    if (this.places === null) {
      this.places = new Map();
      for (let i = this.first; i < words.length; i += recordLength(words, i)) this.places.set(words[i]!, i);
    }
    const at = this.places.get(handle);
    if (at === undefined) throw new Error(`resclient-wasm: resource ${handle} has left the cache`);
    return readRecord(words, at, this.texts.get(recordFrame(words, at))!, (key) => this.names.get(key)!);
  }
}
