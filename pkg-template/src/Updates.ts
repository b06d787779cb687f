import type { Driver } from './driver.js';
import { finishEdits, insertInto, removeFrom } from './edits.js';
import type { Emitter } from './Emitter.js';
import { Entry } from './Entry.js';
import { same } from './equal.js';
import type { RemoveEvent, UnsubscribeEvent } from './events.js';
import type { Plan } from './Listeners.js';
import type { Memory } from './memory.js';
import type { Name } from './Names.js';
import type { ResCollection } from './ResCollection.js';
import { type ErrorObject, ResError } from './ResError.js';
import { defineMember, ordinary, setMember } from './members.js';
import type { ResModel } from './ResModel.js';
import type { CustomItem, Report, Resources } from './Resources.js';
import { log } from './safely.js';
import { Tag, type Values, VALUE_WORDS } from './Values.js';

/** Carries out the operations that change resources, and emits their events. `at` is a word of the operation. */
export class Updates {
  constructor(
    private readonly memory: Memory,
    private readonly values: Values,
    private readonly resources: Resources,
    private readonly emitter: Emitter,
    private readonly driver: Pick<Driver, 'unlisten'>,
    private readonly report: Report,
  ) {}

  /**
   * `count` members from `at` on: number of the name and whether the value is known to be another one, value. The engine does
   * not remember what came with a model's text, so the others are compared here.
   */
  change(handle: number, count: number, at: number): void {
    const entry = this.known(handle);
    if (entry.custom) {
      this.changeCustom(entry, count, at);
      return;
    }
    const model = entry.item as ResModel;
    const plan = this.plan(entry, 'change');
    const old: Record<string, unknown> | null = plan && {};
    let changed = false;
    for (let i = at, end = at + count * MEMBER_WORDS; i < end; i += MEMBER_WORDS) {
      // Asked for anew each time: making a value may have grown the memory.
      const word = this.memory.words()[i]!;
      const name = this.resources.names.get(word >>> 1);
      const value = this.values.at(i + 1);
      const { text } = name;
      const props = model._props as Record<string, unknown>;
      const known = (word & KNOWN) !== 0;
      const before = known ? undefined : props[text];
      if (!known && same(before, value)) continue;
      changed = true;
      if (value === undefined || name.inherited || entry.lazy !== null) {
        this.changeMember(entry, model, name, value, old);
        continue;
      }
      if (old) old[text] = known ? props[text] : before;
      props[text] = value;
      if (name.promoted) show(model as unknown as Record<string, unknown>, text, value);
    }
    if (plan && changed) this.emitter.post(plan, old, model);
  }

  /** A value at `at` is put into a collection. */
  insert(handle: number, idx: number, at: number): void {
    const entry = this.known(handle);
    const plan = this.plan(entry, 'add');
    const words = this.memory.words();
    const list = listOf(entry);
    let item: unknown;
    if (list && (entry.item as ResCollection)._lazy && words[at] === Tag.Reference) {
      const target = this.resources.entry(words[at + 3]!);
      insertInto(list, idx, target);
      if (plan) item = this.resources.read(target);
    } else {
      item = this.values.at(at);
      if (list) insertInto(list, idx, item);
      else this.hook(entry, (custom) => custom.__add?.(item, idx));
    }
    if (plan) this.emitter.post(plan, { item, idx }, entry.item!);
  }

  remove(handle: number, idx: number): void {
    const entry = this.known(handle);
    const plan = this.plan(entry, 'remove');
    const list = listOf(entry);
    let item = list ? removeFrom(list, idx) : this.hook(entry, (custom) => custom.__remove?.(idx));
    if (!plan) return;
    if (item instanceof Entry) item = this.resources.read(item);
    this.emitter.post(plan, { item, idx } satisfies RemoveEvent, entry.item!);
  }

  /** An event that changes nothing. The data is only parsed for somebody who listens. */
  event(handle: number, name: string, start: number, end: number): void {
    const entry = this.heard(handle);
    const plan = entry && this.plan(entry, name);
    if (plan) this.emitter.post(plan, this.values.json(start, end), entry.item!);
  }

  unsubscribed(handle: number, start: number, end: number): void {
    const entry = this.heard(handle);
    const plan = entry && this.plan(entry, 'unsubscribe');
    if (!plan) return;
    const reason = this.values.json(start, end) as ErrorObject | undefined;
    this.end(entry, plan, reason && new ResError(entry.rid).__init(reason));
  }

  /** The resource is of another kind now: what is held of it gets no more events, and its listeners are told so. */
  replaced(handle: number): void {
    const entry = this.resources.peek(handle);
    if (entry?.item === undefined) return;
    const plan = this.plan(entry, 'unsubscribe');
    this.resources.detach(entry);
    if (!entry.custom) (entry.item as Partial<ResCollection>)._lazy?.entries();
    for (; entry.listeners > 0; entry.listeners--) this.driver.unlisten(handle);
    // Whatever it is, it is still kept.
    this.resources.entry(handle).kept = entry.kept;
    entry.kept = false;
    if (!plan) return;
    const reason = { code: 'resclient.replaced', message: 'The resource is of another kind now' };
    this.end(entry, plan, new ResError(entry.rid).__init(reason));
  }

  /** What a class of the application holds of the values, only that knows; so it compares. */
  private changeCustom(entry: Entry, count: number, at: number): void {
    const values: Record<string, unknown> = {};
    for (let i = at, end = at + count * MEMBER_WORDS; i < end; i += MEMBER_WORDS) {
      setMember(values, this.resources.names.get(this.memory.words()[i]! >>> 1).text, this.values.at(i + 1));
    }
    const old = this.hook(entry, (custom) => custom.__update?.(values, false));
    const plan = old && this.plan(entry, 'change');
    if (plan) this.emitter.post(plan, old, entry.item!);
  }

  /** Changes a member in any state, and notes what it was. */
  private changeMember(entry: Entry, model: ResModel, name: Name, value: unknown, old: object | null): void {
    const { text, promoted } = name;
    const props = model._props as Record<string, unknown>;
    const own = model as unknown as Record<string, unknown>;
    if (old) {
      const target = entry.lazy?.get(text);
      if (target) setMember(old, text, this.resources.read(target));
      else setMember(old, text, Object.hasOwn(props, text) ? props[text] : undefined);
    }
    entry.lazy?.delete(text);
    if (value === undefined) {
      delete props[text];
      if (promoted) Reflect.deleteProperty(own, text);
    } else {
      defineMember(props, text, value);
      if (promoted) Reflect.defineProperty(own, text, ordinary(value));
    }
  }

  /** Who is to be told of an event. */
  private plan(entry: Entry, event: string): Plan | null {
    if (entry.channel === null) {
      entry.channel = this.emitter.channel(entry.item!);
      if (entry.channel === null) return null;
      entry.namespace = `${this.emitter.namespace}.resource.${entry.rid}`;
    }
    return entry.channel.plan(entry.namespace, event);
  }

  private end(entry: Entry, plan: Plan, reason: ResError | undefined): void {
    const item = entry.item!;
    this.emitter.post(plan, { item, reason } satisfies UnsubscribeEvent, item);
  }

  /** Runs a method of the resource's object; what it throws does not stop the others. */
  private hook<T>(entry: Entry, run: (custom: CustomItem) => T): T | undefined {
    finishEdits();
    try {
      return run(entry.item as CustomItem);
    } catch (error) {
      this.report(entry.rid, error);
      return undefined;
    }
  }

  /** A resource that has been read: the engine sees to it that one is before it changes. */
  private known(handle: number): Entry {
    const entry = this.resources.peek(handle);
    if (entry?.item === undefined) throw new Error(`resclient-wasm: resource ${handle} was not read`);
    return entry;
  }

  /** A resource somebody may listen to. One that was not read has no listeners of its own. */
  private heard(handle: number): Entry | null {
    const entry = this.resources.peek(handle);
    if (entry?.item !== undefined) return entry;
    if (!this.emitter.heardByAll) return null;
    this.resources.object(handle);
    return this.resources.entry(handle);
  }
}

/** What a collection of the client's own class holds: items, and entries where a reference has not been read. */
function listOf({ custom, item }: Entry): unknown[] | null {
  if (custom) return null;
  const { _lazy, __items } = item as ResCollection;
  return _lazy ? _lazy.entries() : __items;
}

/** Sets a member of the model itself. The application may not let it, and then only `props` has the new value. */
function show(model: Record<string, unknown>, name: string, value: unknown): void {
  try {
    model[name] = value;
  } catch (error) {
    log(error);
  }
}

const MEMBER_WORDS = 1 + VALUE_WORDS;
/** Beside the number of a member's name. */
const KNOWN = 1;
