/** Bytes written as text; see `printable.mjs` of the build. */
export interface Printable {
  /** Characters that are used. */
  readonly alphabet: string;
  /**
   * A bit for each byte that is one character, as hexadecimal digits; these have the alphabet in their order, and what is
   * left of it begins pairs for the others.
   */
  readonly common: string;
  readonly text: string;
}

/** The bytes, `size` of them. */
export function bytesOf({ alphabet, common: bits, text }: Printable, size: number): Uint8Array<ArrayBuffer> {
  const places = new Uint8Array(128);
  for (let i = 0; i < alphabet.length; i++) places[alphabet.charCodeAt(i)] = i;
  const common: number[] = [];
  const rare: number[] = [];
  for (let byte = 0; byte < 256; byte++) {
    const eight = parseInt(bits.slice((byte >> 3) * 2, (byte >> 3) * 2 + 2), 16);
    ((eight >> (byte & 7)) & 1 ? common : rare).push(byte);
  }
  const bytes = new Uint8Array(size);
  for (let i = 0, n = 0; n < size; n++) {
    const place = places[text.charCodeAt(i++)]!;
    if (place < common.length) {
      bytes[n] = common[place]!;
    } else {
      const low = places[text.charCodeAt(i++)]!;
      bytes[n] = rare[(place - common.length) * alphabet.length + low]!;
    }
  }
  return bytes;
}
