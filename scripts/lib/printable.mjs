/**
 * Bytes as text that a bundler leaves as it is and that compresses nearly as well as the bytes: the most frequent ones
 * are one character each, in the order of their values, and the others two. Base64 would hide from a compressor what
 * repeats, and a module deflated beforehand is larger than one that brotli sees itself. `printable.ts` decodes it.
 */
export function printable(bytes) {
  const counts = new Array(256).fill(0);
  for (const byte of bytes) counts[byte] += 1;
  const byCount = [...counts.keys()].sort((a, b) => counts[b] - counts[a]);
  const common = byCount.slice(0, COMMON).sort((a, b) => a - b);
  const isCommon = new Set(common);
  const rare = [...counts.keys()].filter((byte) => !isCommon.has(byte));

  const codes = new Array(256);
  common.forEach((byte, i) => (codes[byte] = ALPHABET[i]));
  rare.forEach((byte, i) => {
    codes[byte] = ALPHABET[COMMON + Math.floor(i / ALPHABET.length)] + ALPHABET[i % ALPHABET.length];
  });
  let text = '';
  for (const byte of bytes) text += codes[byte];
  // A bit for each byte, eight of them to two hexadecimal digits.
  const bits = new Uint8Array(32);
  for (const byte of common) bits[byte >> 3] |= 1 << (byte & 7);
  return { alphabet: ALPHABET, common: Buffer.from(bits).toString('hex'), text };
}

/** Printable ASCII but for what a string, a template or an inline script would need escaped, and for the space: brotli does better without. */
const ALPHABET = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i))
  .filter((character) => !'"\'\\`$<'.includes(character))
  .join('');

/** Two leading characters are enough for all pairs that are needed. */
const COMMON = ALPHABET.length - 2;
