import type { Drops } from './Drops.js';
import { finishEdits } from './edits.js';
import type { Frames } from './frames.js';
import type { Memory } from './memory.js';
import { recordLength } from './record.js';
import type { Resources } from './Resources.js';
import type { Updates } from './Updates.js';
import { log } from './safely.js';
import { type Values, VALUE_WORDS } from './Values.js';

/** Operations that are about the connection and about requests. */
export interface SessionEvents {
  settled(request: number, outcome: number, a: number, b: number): void;
  refused(handle: number, unsubscribe: boolean, start: number, end: number): void;
  state(state: number, untilLow: number, untilHigh: number): void;
  hook(): void;
  connected(): void;
  disconnected(): void;
  connectFailed(error: number): void;
  handshakeRefused(start: number, end: number): void;
  /** Other resources may be stale than before. */
  stale(): void;
}

/** Operations of the engine. */
export const enum Op {
  Retain = 1,
  Release = 2,
  Key = 3,
  Touch = 4,
  Change = 5,
  Insert = 6,
  Remove = 7,
  Event = 8,
  Unsubscribed = 9,
  Drop = 10,
  Replaced = 11,
  Settled = 12,
  State = 13,
  Hook = 14,
  Connected = 15,
  Disconnected = 16,
  ConnectFailed = 17,
  Refused = 18,
  Loaded = 19,
  HandshakeRefused = 20,
  Stale = 21,
}

/** Reads the engine's operations from memory and has them carried out, in order. */
export class Tape {
  /** Whether something may have left without being let go of. */
  private isBroken = false;

  constructor(
    private readonly memory: Memory,
    private readonly frames: Frames,
    private readonly values: Values,
    private readonly resources: Resources,
    private readonly updates: Updates,
    private readonly drops: Drops,
    private readonly session: SessionEvents,
  ) {}

  /**
   * `length` words from byte `pointer` on. An operation that fails is logged and does not keep the others from running. Whether nothing
   * is known any more by the numbers of what leaves by them.
   */
  apply(pointer: number, length: number): boolean {
    const first = pointer >>> 2;
    const end = first + length;
    for (let i = first; i < end;) {
      // The view is asked for anew for every operation, for each may have grown the memory.
      let words = this.memory.words();
      const operation = words[i];
      const next = i + operationLength(words, i);
      if (words[i] !== Op.Insert && words[i] !== Op.Remove) finishEdits();
      if (!comesFirst(words[i]!) && this.resources.readTouched()) words = this.memory.words();
      try {
        this.step(words, i);
      } catch (error) {
        log(error);
        // It is not known any more what has left.
        if (operation === Op.Drop || next === Infinity) this.isBroken = true;
      }
      i = next;
    }
    finishEdits();
    this.resources.readTouched();
    return this.drops.finish() && !this.isBroken;
  }

  /** Carries out the operation at a word. */
  private step(words: Uint32Array, i: number): void {
    const a = words[i + 1]!;
    const b = words[i + 2]!;
    switch (words[i]) {
      case Op.Change:
        return this.updates.change(a, b, i + 3);
      case Op.Insert:
        return this.updates.insert(a, b, i + 3);
      case Op.Remove:
        return this.updates.remove(a, b);
      case Op.Event:
        return this.updates.event(a, this.values.name(b, words[i + 3]!), words[i + 4]!, words[i + 5]!);
      case Op.Unsubscribed:
        return this.updates.unsubscribed(a, b, words[i + 3]!);
      case Op.Touch:
        return this.resources.touch(a, i + 1);
      case Op.Loaded:
        return this.resources.loaded(words.slice(i + 2, i + 2 + a));
      case Op.Key:
        return this.resources.names.set(a, this.frames.current.substring(b, words[i + 3]!));
      case Op.Retain:
        return this.frames.retain(a);
      case Op.Release:
        return this.frames.release(a);
      case Op.Drop:
        return this.drops.add(words.slice(i + 2, i + 2 + a));
      case Op.Replaced:
        return this.updates.replaced(a);
      case Op.Settled:
        return this.session.settled(a, b, words[i + 3]!, words[i + 4]!);
      case Op.State:
        return this.session.state(a, b, words[i + 3]!);
      case Op.Hook:
        return this.session.hook();
      case Op.Connected:
        return this.session.connected();
      case Op.Disconnected:
        return this.session.disconnected();
      case Op.ConnectFailed:
        return this.session.connectFailed(a);
      case Op.Refused:
        return this.session.refused(a, b !== 0, words[i + 3]!, words[i + 4]!);
      case Op.HandshakeRefused:
        return this.session.handshakeRefused(a, b);
      case Op.Stale:
        return this.session.stale();
      default:
        throw new Error(`resclient-wasm: unknown operation ${words[i]}`);
    }
  }
}

/** Whether an operation is one of those that begin what a frame leads to, and read no resource. */
const comesFirst = (operation: number): boolean =>
  operation === Op.Touch || operation === Op.Release || operation === Op.Replaced || operation === Op.Loaded;

/** How many words an operation takes. Behind an unknown one nothing can be made sense of, so it takes all that is left. */
function operationLength(words: Uint32Array, i: number): number {
  const operation = words[i]!;
  if (operation === Op.Change) return 3 + words[i + 2]! * (1 + VALUE_WORDS);
  if (operation === Op.Touch) return 1 + recordLength(words, i + 1);
  if (operation === Op.Loaded || operation === Op.Drop) return 2 + words[i + 1]!;
  return LENGTHS[operation] ?? Infinity;
}

/** Lengths of the operations that always take as many words. */
const LENGTHS: readonly (number | undefined)[] = lengths({
  [Op.Retain]: 2,
  [Op.Release]: 2,
  [Op.Key]: 4,
  [Op.Insert]: 3 + VALUE_WORDS,
  [Op.Remove]: 3,
  [Op.Event]: 6,
  [Op.Unsubscribed]: 4,
  [Op.Replaced]: 2,
  [Op.Settled]: 5,
  [Op.State]: 4,
  [Op.Hook]: 1,
  [Op.Connected]: 1,
  [Op.Disconnected]: 1,
  [Op.ConnectFailed]: 2,
  [Op.Refused]: 5,
  [Op.HandshakeRefused]: 3,
  [Op.Stale]: 1,
});

function lengths(byOperation: Record<Exclude<Op, Op.Change | Op.Touch | Op.Loaded | Op.Drop>, number>): number[] {
  const list: number[] = [];
  for (const [operation, length] of Object.entries(byOperation)) list[+operation] = length;
  return list;
}
