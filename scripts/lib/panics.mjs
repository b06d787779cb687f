import binaryen from 'binaryen';

/**
 * Makes a panic of a module a trap at once. In a browser nobody would see what the standard library writes about it, but
 * the code that puts it into words, and what every place of a possible panic hands to it, are 6 % of the module.
 * Functions keep their names.
 */
export function trapPanics(bytes) {
  binaryen.setDebugInfo(true);
  const module = binaryen.readBinary(bytes);
  const functions = Array.from({ length: module.getNumFunctions() }, (_, at) => module.getFunctionByIndex(at));
  const found = new Set();
  const wording = new Set();
  const others = [];
  for (const func of functions) {
    const { name, base } = binaryen.getFunctionInfo(func);
    if (base) continue;
    const pattern = TELLING.find((telling) => telling.test(name));
    if (pattern) found.add(pattern);
    const words = WORDING.test(name);
    if (words) wording.add(name);
    if (pattern || words) binaryen.Function.setBody(func, module.unreachable());
    else others.push(func);
  }
  if (found.size < TELLING.length) throw new Error('a function that tells of panics has another name now: see TELLING');
  for (const func of others) {
    const { name, body } = binaryen.getFunctionInfo(func);
    for (const [, called] of binaryen.emitText(body).matchAll(/\(call \$"([^"]+)"/g)) {
      if (wording.has(called)) throw new Error(`${name} calls ${called}, which is left out: only a panic may need it`);
    }
  }
  const trapping = module.emitBinary();
  module.dispose();
  return trapping;
}

/** Functions that never return, by their names in the symbol table: `crate[hash]::path`. */
const TELLING = ['panicking::panic_fmt', 'panicking::panic_bounds_check', 'slice::index::slice_index_fail']
  .concat(['option::expect_failed', 'raw_vec::handle_error', 'alloc::handle_alloc_error', 'rust_begin_unwind'])
  .concat(['cell::panic_already_borrowed', 'cell::panic_already_mutably_borrowed'])
  .map((path) => new RegExp(`^\\w+\\[\\w+\\]::${path}$`))
  .concat(/^<alloc\[\w+\]::vec::Vec<.*>>::\w+::assert_failed$/);

/** What puts something into words. A table refers to it, so it would not go by itself. */
const WORDING = /\bcore\[\w+\]::(fmt::|str::count::do_count_chars|panic::PanicPayload>)/;
