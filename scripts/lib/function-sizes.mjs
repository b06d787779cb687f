import { isNames, Reader, sections } from './wasm-module.mjs';

/** The functions of a module that has their names, with the bytes of their code. What was made no function of is data. */
export function functionSizes(module) {
  const found = sections(module);
  const names = functionNames(found.find(isNames)?.bytes);
  const bodies = new Reader(bytesOf(found, CODE));
  const first = importedFunctions(bytesOf(found, IMPORTS));
  const rows = Array.from({ length: bodies.number() }, (_, at) => {
    const bytes = bodies.number();
    bodies.take(bytes);
    return { name: names.get(first + at) ?? `function ${first + at}`, bytes };
  });
  return [...rows, { name: 'data', bytes: bytesOf(found, DATA).length }];
}

/** Rows of one group as one. */
export function grouped(rows, groupOf) {
  const groups = new Map();
  for (const row of rows) groups.set(groupOf(row), (groups.get(groupOf(row)) ?? 0) + row.bytes);
  return Array.from(groups, ([name, bytes]) => ({ name, bytes }));
}

/** The module of the source that a function stands in; of other crates, the crate. */
export function placeOf(name) {
  const [, crate, path] = /([a-z_]\w*)((?:::[a-z_]\w*)*)/.exec(name) ?? [];
  if (!path) return name === 'data' ? name : 'others';
  if (!crate.startsWith('resclient')) return crate;
  // The last part is that of the function, where it belongs to no type.
  return [crate, ...path.split('::').slice(1, 3)].join('::');
}

function functionNames(bytes) {
  const names = new Map();
  if (!bytes) return names;
  const section = new Reader(bytes);
  section.name();
  while (section.left > 0) {
    const [kind] = section.take(1);
    const part = new Reader(section.take(section.number()));
    if (kind !== FUNCTIONS) continue;
    for (let left = part.number(); left > 0; left -= 1) names.set(part.number(), withoutHashes(part.name()));
  }
  return names;
}

/** The compiler tells by hashes of which release of a crate a name is. */
const withoutHashes = (name) => name.replace(/\[[0-9a-f]+\]|::h[0-9a-f]{16}$/g, '');

function importedFunctions(bytes) {
  const imports = new Reader(bytes);
  let count = 0;
  for (let left = imports.number(); left > 0; left -= 1) {
    imports.name();
    imports.name();
    // The glue is functions, and nothing but these is imported.
    if (imports.number() !== 0) throw new Error('something is imported that is no function');
    imports.number();
    count += 1;
  }
  return count;
}

const bytesOf = (found, wanted) => found.find(({ id }) => id === wanted)?.bytes ?? Buffer.of(0);

const IMPORTS = 2;
const CODE = 10;
const DATA = 11;
/** The part of the names that is about functions. */
const FUNCTIONS = 1;
