/**
 * Gives short names to what a module takes from its glue, and gives to it. Those of wasm-bindgen have hashes, which no compressor
 * can do anything about, and a minifier has to leave them as they are. Answers a module and a glue that agree. Exports keep their
 * names where the glue does not use them, or others do as well: those are `kept`.
 */
export function shortenNames(module, glue, kept) {
  const bytes = new Reader(module);
  const written = [bytes.take(HEADER)];
  let text = glue;
  let count = 0;
  const shorten = (name, before) => {
    const use = new RegExp(`(?<=\\b${before})${name}\\b`, 'g');
    if (kept.includes(name) || !use.test(text)) return name;
    const short = `_${(count++).toString(36)}`;
    text = text.replace(use, short);
    return short;
  };

  while (bytes.left > 0) {
    const id = bytes.take(1);
    let section = bytes.take(bytes.number());
    if (id[0] === IMPORTS || id[0] === EXPORTS) {
      const entries = new Reader(section);
      const parts = [number(entries.number())];
      while (entries.left > 0) {
        if (id[0] === IMPORTS) parts.push(name(entries.name()), name(shorten(entries.name(), 'export function ')));
        else parts.push(name(shorten(entries.name(), 'wasm\\.')));
        parts.push(entries.kind());
      }
      section = Buffer.concat(parts);
    }
    written.push(id, number(section.length), section);
  }
  return { module: Buffer.concat(written), glue: text };
}

/** Reads a module from its beginning on. */
class Reader {
  constructor(bytes) {
    this.bytes = Buffer.from(bytes);
  }

  get left() {
    return this.bytes.length;
  }

  take(length) {
    const taken = this.bytes.subarray(0, length);
    this.bytes = this.bytes.subarray(length);
    return taken;
  }

  number() {
    const length = this.bytes.findIndex((byte) => byte < 0x80) + 1;
    return this.take(length).reduceRight((value, byte) => value * 128 + (byte & 0x7f), 0);
  }

  name() {
    return this.take(this.number()).toString();
  }

  /** What an export is, behind its name, or a function that is imported: its kind and a number. */
  kind() {
    return Buffer.concat([this.take(1), number(this.number())]);
  }
}

function number(value) {
  const bytes = [];
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  return Buffer.of(...bytes, value);
}

const name = (text) => Buffer.concat([number(Buffer.byteLength(text)), Buffer.from(text)]);

/** Bytes before the first section. */
const HEADER = 8;
const IMPORTS = 2;
const EXPORTS = 7;
