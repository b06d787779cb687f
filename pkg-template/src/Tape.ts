import type { Drops } from './Drops.js';
import type { Frames } from './frames.js';
import type { Memory } from './memory.js';
import { recordLength } from './record.js';
import type { Resources } from './Resources.js';
import type { Updates } from './Updates.js';
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
}

/** Reads the engine's operations from memory and has them carried out, in order. */
export class Tape {
  constructor(
    private readonly memory: Memory,
    private readonly frames: Frames,
    private readonly values: Values,
    private readonly resources: Resources,
    private readonly updates: Updates,
    private readonly drops: Drops,
    private readonly session: SessionEvents,
  ) {}

  /** `length` words from byte `pointer` on. */
  apply(pointer: number, length: number): void {
    const first = pointer >>> 2;
    const end = first + length;
    let i = first;
    // The view is asked for anew after every operation, for each may have grown the memory.
    while (i < end) i = this.step(this.memory.words(), i);
    this.drops.finish();
  }

  /** Carries out the operation at a word; answers the word behind it. */
  private step(words: Uint32Array, i: number): number {
    const a = words[i + 1]!;
    const b = words[i + 2]!;
    switch (words[i]) {
      case Op.Change:
        this.updates.change(a, b, i + 3);
        return i + 3 + b * (1 + VALUE_WORDS);
      case Op.Insert:
        this.updates.insert(a, b, i + 3);
        return i + 3 + VALUE_WORDS;
      case Op.Remove:
        this.updates.remove(a, b);
        return i + 3;
      case Op.Event:
        this.updates.event(a, this.values.name(b, words[i + 3]!), words[i + 4]!, words[i + 5]!);
        return i + 6;
      case Op.Unsubscribed:
        this.updates.unsubscribed(a, b, words[i + 3]!);
        return i + 4;
      case Op.Touch: {
        const next = i + 1 + recordLength(words, i + 1);
        this.resources.touch(a, i + 1);
        return next;
      }
      case Op.Key:
        this.resources.names.set(a, this.frames.current.substring(b, words[i + 3]!));
        return i + 4;
      case Op.Retain:
        this.frames.retain(a);
        return i + 2;
      case Op.Release:
        this.frames.release(a);
        return i + 2;
      case Op.Drop:
        this.drops.add(a);
        return i + 2;
      case Op.Replaced:
        this.updates.replaced(a);
        return i + 2;
      case Op.Settled:
        this.session.settled(a, b, words[i + 3]!, words[i + 4]!);
        return i + 5;
      case Op.State:
        this.session.state(a, b, words[i + 3]!);
        return i + 4;
      case Op.Hook:
        this.session.hook();
        return i + 1;
      case Op.Connected:
        this.session.connected();
        return i + 1;
      case Op.Disconnected:
        this.session.disconnected();
        return i + 1;
      case Op.ConnectFailed:
        this.session.connectFailed(a);
        return i + 2;
      case Op.Refused:
        this.session.refused(a, b !== 0, words[i + 3]!, words[i + 4]!);
        return i + 5;
      default:
        throw new Error(`resclient-wasm: unknown operation ${words[i]}`);
    }
  }
}
