/**
 * Writes a text as UTF-8 to memory from `pointer` on. Answers the bytes written; or, where `capacity` bytes are not enough, minus how many
 * may be needed, and one less.
 */
export function copyText(text: string, bytes: Uint8Array, pointer: number, capacity: number): number {
  const { length } = text;
  if (length > capacity) return -length - 1;
  if (length < SHORT) {
    let i = 0;
    for (; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) break;
      bytes[pointer + i] = unit;
    }
    if (i === length) return length;
  }
  encoder ??= new TextEncoder();
  let target = pointer;
  for (let from = 0; from < length;) {
    const piece = windowOf(text, from);
    const { read, written } = encoder.encodeInto(piece, bytes.subarray(target, pointer + capacity));
    target += written;
    from += read;
    // What is left takes at most three bytes for each of its units.
    if (read < piece.length) return -(target - pointer + (length - from) * 3) - 1;
  }
  return target - pointer;
}

/**
 * The next part of a text to be encoded, the whole if it is small. A browser may make a copy of what it is to encode, and
 * the copy of a large frame would be memory never touched before. Two halves of a character are not parted.
 */
function windowOf(text: string, from: number): string {
  if (text.length <= WINDOW) return text;
  const end = from + WINDOW;
  const parted = (text.charCodeAt(end - 1) & 0xfc00) === 0xd800;
  return text.substring(from, parted ? end - 1 : end);
}

/** Made when it is used first, so that loading the package does nothing. */
let encoder: TextEncoder | undefined;
/** Below this a loop beats the encoder, as long as all is ASCII. */
const SHORT = 200;
/** UTF-16 units encoded at a time. */
const WINDOW = 0x8000;
