/** Sections of a module, each with its number and what is in it; those without a meaning of their own have number 0, and a name. */
export function sections(module) {
  const reader = new Reader(module);
  reader.take(HEADER);
  const found = [];
  while (reader.left > 0) {
    const [id] = reader.take(1);
    found.push({ id, bytes: reader.take(reader.number()) });
  }
  return found;
}

/** A module of these sections. */
export function moduleOf(module, found) {
  const parts = found.flatMap(({ id, bytes }) => [Buffer.of(id), number(bytes.length), bytes]);
  return Buffer.concat([Buffer.from(module).subarray(0, HEADER), ...parts]);
}

/** The module without the names of its functions. */
export function withoutNames(module) {
  return moduleOf(
    module,
    sections(module).filter((section) => !isNames(section)),
  );
}

export const isNames = ({ id, bytes }) => id === CUSTOM && new Reader(bytes).name() === 'name';

/** Reads from the beginning on. */
export class Reader {
  constructor(bytes) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
}

export function number(value) {
  const bytes = [];
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  return Buffer.of(...bytes, value);
}

export const name = (text) => Buffer.concat([number(Buffer.byteLength(text)), Buffer.from(text)]);

/** Bytes before the first section. */
const HEADER = 8;
const CUSTOM = 0;
