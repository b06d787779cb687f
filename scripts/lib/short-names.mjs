import { moduleOf, name, number, Reader, sections } from './wasm-module.mjs';

/**
 * Gives short names to what a module takes from its glue, and gives to it. Those of wasm-bindgen have hashes, which no compressor
 * can do anything about, and a minifier has to leave them as they are. Answers a module and a glue that agree. Exports keep their
 * names where the glue does not use them, or others do as well: those are `kept`.
 */
export function shortenNames(module, glue, kept) {
  let text = glue;
  let count = 0;
  const shorten = (name, before) => {
    const use = new RegExp(`(?<=\\b${before})${name}\\b`, 'g');
    if (kept.includes(name) || !use.test(text)) return name;
    const short = `_${(count++).toString(36)}`;
    text = text.replace(use, short);
    return short;
  };
  const shortened = sections(module).map(({ id, bytes }) => {
    if (id !== IMPORTS && id !== EXPORTS) return { id, bytes };
    const entries = new Reader(bytes);
    const parts = [number(entries.number())];
    while (entries.left > 0) {
      if (id === IMPORTS) parts.push(name(entries.name()), name(shorten(entries.name(), 'export function ')));
      else parts.push(name(shorten(entries.name(), 'wasm\\.')));
      // What an export is, or a function that is imported: its kind and a number.
      parts.push(entries.take(1), number(entries.number()));
    }
    return { id, bytes: Buffer.concat(parts) };
  });
  return { module: moduleOf(module, shortened), glue: text };
}

const IMPORTS = 2;
const EXPORTS = 7;
