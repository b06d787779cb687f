import type { ClientApi } from './client.js';
import type { Driver } from './driver.js';
import { Entry } from './Entry.js';
import { finishEdits } from './edits.js';
import { resourceObjects } from './equal.js';
import type { Frames } from './frames.js';
import { LazyItems, type ResourceReader } from './LazyItems.js';
import { defineMember } from './members.js';
import type { Memory } from './memory.js';
import { Names, READ_MEMBER } from './Names.js';
import { Kind, type ReadRecord, readRecord, recordFrame, recordLength, recordRid, recordValue } from './record.js';
import { ResCollection } from './ResCollection.js';
import { type ErrorObject, ResError } from './ResError.js';
import { ResModel } from './ResModel.js';
import { ResRef } from './ResRef.js';
import { safely } from './safely.js';
import type { TypeList } from './TypeList.js';

/** What the client calls on a model or collection made by a factory. */
export interface CustomItem {
  __init(data: unknown): void;
  __update?(values: Record<string, unknown>, reset: boolean): Record<string, unknown> | null;
  __add?(item: unknown, idx: number): void;
  __remove?(idx: number): unknown;
}

/** Makes the object of a resource. */
export type ResourceFactory = (client: never, rid: string) => object;

/** Factories of the application, by kind. */
export interface ResourceTypes {
  readonly models: TypeList<ResourceFactory>;
  readonly collections: TypeList<ResourceFactory>;
}

/** Where failures of the application's own classes go. */
export type Report = (rid: string, error: unknown) => void;

/**
 * The objects of a client's resources. Each is made from JSON text when it is first needed; what it refers to is not,
 * so no read walks further than the resource it is about.
 */
export class Resources implements ResourceReader {
  readonly names = new Names();
  /** The name of a member by the engine's number. */
  readonly nameOf = (key: number): string => this.names.get(key).text;
  private readonly byHandle: (Entry | undefined)[] = [];
  /** What still has to be handed to objects of registered types. A list, so that a long chain of them does not recurse. */
  private readonly uninitialised: (() => void)[] = [];
  /** Whether something of a registered type is being made. */
  private isBusy = false;
  private readonly touched: Entry[] = [];

  constructor(
    private readonly client: ClientApi,
    private readonly types: ResourceTypes,
    private readonly driver: Pick<Driver, 'take' | 'take_all' | 'hold' | 'release'>,
    private readonly memory: Memory,
    private readonly frames: Frames,
    private readonly report: Report,
  ) {}

  /** The entry of a resource, made when there is none. */
  entry(handle: number): Entry {
    return (this.byHandle[handle] ??= new Entry(handle));
  }

  /** The entry of a resource, if something has needed one. */
  peek(handle: number): Entry | undefined {
    return this.byHandle[handle];
  }

  /** The object of a resource. */
  object(handle: number): object {
    return this.read(this.entry(handle));
  }

  /** The object of a resource, made now if it has not been. */
  read(entry: Entry): object {
    if (entry.item !== undefined) return entry.item;
    if (entry.isBeingMade) throw new Error(`resclient-wasm: ${entry.rid} is being made`);
    const { record, reader } = (entry.captured ??= { record: this.take(entry.handle), reader: null });
    try {
      const item = this.make(entry, record, reader ?? this);
      entry.captured = null;
      return item;
    } catch (error) {
      // The stack may be used up here of all places, and then it is made when it is read again.
      entry.item = undefined;
      entry.lazy = null;
      throw error;
    }
  }

  /** Reads many at once, unless that may call code of the application. */
  readAll(handles: Uint32Array): void {
    if (this.hasTypes) return;
    // Texts that are needed no more are let go of as soon as all is read.
    const held = this.driver.hold();
    try {
      for (let from = 0; from < handles.length; from += AT_ONCE) {
        this.makeAll(this.memory.copy(this.driver.take_all(handles.subarray(from, from + AT_ONCE))));
      }
    } finally {
      if (held) this.driver.release();
    }
  }

  private makeAll(words: Uint32Array): void {
    let i = 1;
    try {
      for (; i < words.length; i += recordLength(words, i)) {
        const entry = this.entry(words[i]!);
        this.make(entry, this.recordIn(words, i), this);
      }
    } finally {
      // The stack may be used up, but for what the driver has made sure of. What was not made is made when it is read.
      for (; i < words.length; i += recordLength(words, i)) {
        const entry = this.entry(words[i]!);
        entry.item = undefined;
        entry.lazy = null;
        entry.captured = { record: this.recordIn(words, i), reader: null };
      }
    }
  }

  private get hasTypes(): boolean {
    const { models, collections } = this.types;
    return !models.__isEmpty || !collections.__isEmpty;
  }

  /** Takes over what a resource is made of. */
  take(handle: number): ReadRecord {
    const pointer = handle < 0 ? 0 : this.driver.take(handle);
    if (pointer <= 0) throw new Error(`resclient-wasm: resource ${handle} has no text`);
    return this.recordAt(pointer >>> 2);
  }

  /** Takes over a resource that is about to change, from its record among the operations; see {@link readTouched}. */
  touch(handle: number, at: number): void {
    const entry = this.entry(handle);
    if (entry.item !== undefined) return;
    entry.captured = { record: this.recordAt(at), reader: null };
    this.touched.push(entry);
  }

  /**
   * Resources that came. They are made when they are read, but for an application with classes of its own: what these do in their
   * constructors may be waited for.
   */
  loaded(handles: Uint32Array): void {
    if (!this.hasTypes) return;
    for (const handle of handles) {
      const entry = this.entry(handle);
      if (entry.item !== undefined || entry.captured) continue;
      entry.captured = { record: this.take(handle), reader: null };
      this.touched.push(entry);
    }
  }

  /**
   * Reads what is about to change. Not before all of it is taken over: a class of the application may read on. Answers
   * whether there was anything.
   */
  readTouched(): boolean {
    if (this.touched.length === 0) return false;
    for (const entry of this.touched.splice(0)) safely(() => this.read(entry));
    return true;
  }

  /** Parts all entries from an engine that has failed; answers the IDs of those that were listened to. */
  abandon(): string[] {
    const heard: string[] = [];
    this.byHandle.forEach((entry) => {
      if (!entry) return;
      if (entry.listeners > 0) heard.push(entry.rid);
      this.detach(entry);
    });
    return heard;
  }

  /** Parts an entry from the engine's number, which may be given to another resource. */
  detach(entry: Entry): void {
    this.byHandle[entry.handle] = undefined;
    entry.handle = -1;
    const { item } = entry;
    // The application may have frozen it, and then it has to stay as it is.
    safely(() => {
      if (item instanceof ResModel || item instanceof ResCollection) Reflect.set(item, '_handle', -1);
    });
  }

  /** The value of an object in the text: a soft reference or a data value. */
  unwrap(value: object): unknown {
    const { rid } = value as { rid?: unknown };
    if (typeof rid === 'string') return new ResRef(this.client, rid);
    return Object.hasOwn(value, 'data') ? (value as { data: unknown }).data : value;
  }

  private recordAt(at: number): ReadRecord {
    return this.recordIn(this.memory.words(), at);
  }

  private recordIn(words: Uint32Array, at: number): ReadRecord {
    return readRecord(words, at, this.frames.text(recordFrame(words, at)), this.nameOf);
  }

  private make(entry: Entry, record: ReadRecord, reader: ResourceReader): object {
    entry.rid = recordRid(record);
    const follow = (i: number) => reader.entry(record.references[i]!);
    switch (record.kind) {
      case Kind.Model:
        return this.makeCustom(entry, record, follow) ?? this.makeModel(entry, record, follow);
      case Kind.Collection:
        return this.makeCustom(entry, record, follow) ?? this.makeCollection(entry, record, reader, follow);
      default:
        return (entry.item = new ResError(entry.rid).__init(recordValue(record) as ErrorObject));
    }
  }

  private makeModel(entry: Entry, record: ReadRecord, follow: (i: number) => Entry): ResModel {
    const model = new ResModel(this.client, entry.rid);
    const members = recordValue(record) as Record<string, unknown>;
    const own = model as unknown as Record<string, unknown>;
    const { names } = this;
    const targets = record.members.length > 0 ? this.targets(record, follow) : null;
    model._handle = entry.handle;
    model._props = members;
    entry.item = model;
    let place = -1;
    for (const name in members) {
      place++;
      let value = members[name];
      if (typeof value === 'object' && value !== null) {
        const target = targets?.get(name);
        if (target && target.item === undefined) {
          this.defer(entry, members, model, name, target);
          continue;
        }
        members[name] = value = target ? target.item : this.unwrap(value);
      }
      if (names.isPromotedAt(place, name)) own[name] = value;
    }
    return model;
  }

  /** Leaves a member unread until somebody asks for it. */
  private defer(entry: Entry, members: object, model: object, name: string, target: Entry): void {
    if (entry.lazy === null) {
      entry.lazy = new Map();
      const descriptor = { value: (name: string) => this.readMember(entry, members, name) };
      Object.defineProperty(members, READ_MEMBER, descriptor);
      Object.defineProperty(model, READ_MEMBER, descriptor);
    }
    entry.lazy.set(name, target);
    const accessor = this.names.accessor(name);
    Object.defineProperty(members, name, accessor);
    if (this.names.isPromoted(name)) Object.defineProperty(model, name, accessor);
  }

  private readMember(entry: Entry, members: object, name: string): unknown {
    const target = entry.lazy?.get(name);
    if (!target || !entry.item) return undefined;
    const value = this.read(target);
    entry.lazy?.delete(name);
    defineMember(members, name, value);
    if (this.names.isPromoted(name)) defineMember(entry.item, name, value);
    return value;
  }

  private makeCollection(
    entry: Entry,
    record: ReadRecord,
    reader: ResourceReader,
    follow: (i: number) => Entry,
  ): ResCollection {
    const collection = new ResCollection(this.client, entry.rid);
    collection._handle = entry.handle;
    entry.item = collection;
    if (record.onlyReferences) {
      collection._lazy = new LazyItems(reader, record.references);
      return collection;
    }
    const slots = this.items(record, follow);
    if (record.at.length > 0) collection._lazy = new LazyItems(reader, slots);
    else collection.__items = slots;
    return collection;
  }

  /** The items, with entries for references. */
  private items(record: ReadRecord, follow: (i: number) => Entry): unknown[] {
    if (record.onlyReferences) return Array.from(record.references, (_, i) => follow(i));
    const items = recordValue(record) as unknown[];
    let next = 0;
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      if (typeof item !== 'object' || item === null) continue;
      if (record.at[next] === i) items[i] = follow(next++);
      else items[i] = this.unwrap(item);
    }
    return items;
  }

  private targets(record: ReadRecord, follow: (i: number) => Entry): Map<string, Entry> {
    const targets = new Map<string, Entry>();
    record.members.forEach((name, i) => targets.set(name, follow(i)));
    return targets;
  }

  /** Makes the object of a registered type; undefined when there is none for the resource. */
  private makeCustom(entry: Entry, record: ReadRecord, follow: (i: number) => Entry): object | undefined {
    const types = record.kind === Kind.Model ? this.types.models : this.types.collections;
    const factory = types.getFactory(entry.rid);
    if (!factory) return undefined;
    // Before the application's code runs, for that may use the memory the numbers are from.
    const data = record.kind === Kind.Model ? this.members(record, follow) : this.items(record, follow);
    // What it asks for may be answered at once, and change what is made of these data: that comes after it.
    finishEdits();
    const outermost = !this.isBusy;
    const held = outermost && this.driver.hold();
    // Nothing may throw from here on: what is set would stay so.
    this.isBusy = entry.isBeingMade = true;
    try {
      const item = factory(this.client as never, entry.rid);
      if (typeof item !== 'object' || item === null) throw new Error('The factory made no object');
      // Fails when the object is frozen.
      if (item instanceof ResModel || item instanceof ResCollection) item._handle = entry.handle;
      entry.item = item;
      entry.custom = true;
      resourceObjects.add(item);
      this.uninitialised.push(() => this.initialise(entry.rid, item as CustomItem, data));
    } catch (error) {
      this.report(entry.rid, error);
    } finally {
      entry.isBeingMade = false;
      try {
        if (outermost) this.initialiseAll();
      } finally {
        if (held) this.driver.release();
      }
    }
    return entry.item;
  }

  /** The members, with entries for references. */
  private members(record: ReadRecord, follow: (i: number) => Entry): Record<string, unknown> {
    const members = recordValue(record) as Record<string, unknown>;
    const targets = this.targets(record, follow);
    for (const name in members) {
      const value = members[name];
      if (typeof value !== 'object' || value === null) continue;
      members[name] = targets.get(name) ?? this.unwrap(value);
    }
    return members;
  }

  /** Not before all factories are done, for what one of them has read may refer to what another makes. */
  private initialiseAll(): void {
    try {
      for (let next = this.uninitialised.pop(); next; next = this.uninitialised.pop()) safely(next);
    } finally {
      this.isBusy = false;
    }
  }

  private initialise(rid: string, item: CustomItem, data: Record<string, unknown> | unknown[]): void {
    const values = data as Record<string, unknown>;
    try {
      for (const key of Object.keys(values)) {
        const value = values[key];
        if (value instanceof Entry) values[key] = this.read(value);
      }
      item.__init(data);
    } catch (error) {
      this.report(rid, error);
    }
  }
}

/** How many resources are read with one call, which takes memory for each of them. */
const AT_ONCE = 512;
