import type { EventChannel } from './Emitter.js';
import type { ResourceReader } from './LazyItems.js';
import type { ReadRecord } from './record.js';

/** What an unread resource can still be made of after its text has gone from the engine. */
export interface Captured {
  readonly record: ReadRecord;
  /** By what the record's references are found, if their numbers may mean other resources by now. */
  readonly reader: ResourceReader | null;
}

/** A resource as the shell knows it: the user's object, or what it can be made of. */
export class Entry {
  /** The user's object, once it has been needed. */
  item: object | undefined = undefined;
  /** Resource ID, once the object is there. */
  rid = '';
  /** Whether a factory of the application made the object. */
  custom = false;
  /** Whether that factory is running. */
  isBeingMade = false;
  /** Registrations that keep the resource subscribed. */
  listeners = 0;
  /** Whether it is kept subscribed without any. */
  kept = false;
  /** Where its events go, once somebody could have heard one. */
  channel: EventChannel | null = null;
  /** What the names of its events begin with, once there is a channel. */
  namespace = '';
  /** Members that refer to resources not read yet. */
  lazy: Map<string, Entry> | null = null;
  /** What the object is made of after the resource has left the cache unread, or just before it changes. */
  captured: Captured | null = null;

  /** `handle` is the engine's number; negative after the resource has left the cache. */
  constructor(public handle: number) {}
}
