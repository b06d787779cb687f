import type { Frames } from './frames.js';
import type { Memory } from './memory.js';
import type { Resources } from './Resources.js';

/** What a value in an operation is. */
export const enum Tag {
  Delete = 0,
  Json = 1,
  Reference = 2,
  Soft = 3,
  Data = 4,
  String = 5,
  Number = 6,
  Null = 7,
  True = 8,
  False = 9,
}

/** Words of a value: its tag, the span of its text, and the resource it refers to. */
export const VALUE_WORDS = 4;

/** Makes values from their text in the current frame. */
export class Values {
  constructor(
    private readonly memory: Memory,
    private readonly frames: Frames,
    private readonly resources: Resources,
  ) {}

  /** The value at a word; undefined when it stands for a deleted member. */
  at(i: number): unknown {
    const words = this.memory.words();
    const start = words[i + 1]!;
    const end = words[i + 2]!;
    switch (words[i]) {
      case Tag.Delete:
        return undefined;
      case Tag.Json:
      case Tag.Data:
        return this.json(start, end);
      case Tag.Reference:
        return this.resources.object(words[i + 3]!);
      case Tag.Soft:
        return this.resources.unwrap(this.json(start, end) as object);
      case Tag.String:
        return this.string(start, end);
      case Tag.Number:
        return this.number(start, end);
      case Tag.Null:
        return null;
      case Tag.True:
        return true;
      case Tag.False:
        return false;
      default:
        throw new Error(`resclient-wasm: unknown kind of value ${words[i]}`);
    }
  }

  /** Parses a span; undefined when it is empty. */
  json(start: number, end: number): unknown {
    return start === end ? undefined : JSON.parse(this.frames.current.substring(start, end));
  }

  /** A string without escapes. */
  string(start: number, end: number): string {
    const text = this.frames.current;
    // A longer substring shares the text it is of, and would keep a large frame alive.
    if (end - start < COPIED || text.length <= SMALL_FRAME) return text.substring(start, end);
    return JSON.parse(text.substring(start - 1, end + 1)) as string;
  }

  /** An event's name, which is written as in a JSON string. */
  name(start: number, end: number): string {
    const written = this.string(start, end);
    return written.includes('\\') ? (JSON.parse(`"${written}"`) as string) : written;
  }

  private number(start: number, end: number): number {
    const text = this.frames.current;
    if (end - start > SMALL_NUMBER) return +text.substring(start, end);
    let number = 0;
    for (let i = start; i < end; i++) {
      const digit = text.charCodeAt(i) - ZERO;
      if (digit < 0 || digit > 9) return +text.substring(start, end);
      number = number * 10 + digit;
    }
    return number;
  }
}

/** Substrings shorter than this are copies in every JavaScript engine. */
const COPIED = 13;
/** UTF-16 units. */
const SMALL_FRAME = 1024;
const SMALL_NUMBER = 9;
const ZERO = 48;
