/**
 * Blanks the places in the source that panics would tell of, a path and two numbers each. They are still in the data of a
 * module when a panic is a trap, since nothing tells an optimiser that no code looks at them; they are 2 % of it.
 */
export function blankPanicPlaces(module) {
  const bytes = Buffer.from(module);
  const segments = dataSegments(bytes);
  const paths = new Map();
  for (const { address, data } of segments) {
    for (const { 0: path, index } of data.toString('latin1').matchAll(PATH)) {
      paths.set(address + index, path.length);
      data.fill(0, index, index + path.length);
    }
  }
  // `core::panic::Location`: the path's address and length, the line and the column.
  for (const { address, data } of segments) {
    for (let at = -address & 3; at + 16 <= data.length; at += 4) {
      if (paths.get(data.readUInt32LE(at)) === data.readUInt32LE(at + 4)) data.fill(0, at, at + 16);
    }
  }
  return bytes;
}

/** Sources of this project, of its dependencies and of the standard library, as the compiler has been told to write them. */
const PATH = /(?:src|crates|cargo\/registry|\/rustc\/[0-9a-f]{40}\/library)\/[\w/.-]+?\.rs/g;

/** What a module's memory holds at first: where, and the bytes in place. */
function dataSegments(bytes) {
  let at = 8;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  };
  const segments = [];
  while (at < bytes.length) {
    const section = bytes[at++];
    const size = number();
    const end = at + size;
    if (section === DATA) {
      for (let left = number(); left > 0; left -= 1) {
        if (number() !== ACTIVE) throw new Error('a data segment of a kind that was not there before');
        at += 1; // i32.const
        const address = number();
        at += 1; // end
        const length = number();
        segments.push({ address, data: bytes.subarray(at, at + length) });
        at += length;
      }
    }
    at = end;
  }
  return segments;
}

const DATA = 11;
const ACTIVE = 0;
