/** Texts as UTF-8 in memory, part by part. */
export class TextCopy {
  private text = '';
  private from = 0;

  /** Begins with a text. */
  begin(text: string): void {
    this.text = text;
    this.from = 0;
  }

  /** UTF-16 units that were not copied yet. */
  get left(): number {
    return this.text.length - this.from;
  }

  /** Writes the next part, of {@link PART} units at most, to memory from `pointer` on; the number of bytes. */
  next(bytes: Uint8Array, pointer: number): number {
    const { text } = this;
    const { length } = text;
    if (length < SHORT) {
      let i = 0;
      for (; i < length; i++) {
        const unit = text.charCodeAt(i);
        if (unit > 0x7f) break;
        bytes[pointer + i] = unit;
      }
      if (i === length) {
        this.begin('');
        return length;
      }
    }
    const part = this.part();
    encoder ??= new TextEncoder();
    const { read, written } = encoder.encodeInto(part, bytes.subarray(pointer, pointer + part.length * 3));
    this.from += read;
    // Not kept for longer than it is needed.
    if (this.left === 0) this.begin('');
    return written;
  }

  /** The whole if it is small. Two halves of a character are not parted. */
  private part(): string {
    const { text, from } = this;
    if (text.length <= PART) return text;
    const end = from + PART;
    const parted = (text.charCodeAt(end - 1) & 0xfc00) === 0xd800;
    return text.substring(from, parted ? end - 1 : end);
  }
}

/** Made when it is used first, so that loading the package does nothing. */
let encoder: TextEncoder | undefined;
/** Below this a loop beats the encoder, as long as all is ASCII. */
const SHORT = 200;
/** UTF-16 units encoded at a time. A browser may make a copy of what it is to encode, and what is scanned soon after is still near. */
const PART = 0x8000;
