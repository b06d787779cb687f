/** What the build makes and the sources import. */

declare module '#glue' {
  import type { Engine } from './driver.js';
  export const Driver: Engine['Driver'];
  export function __wbg_set_wasm(exports: WebAssembly.Exports): void;
}

declare module '#module' {
  import type { Printable } from './printable.js';
  /** The wasm module. */
  const module: Printable;
  /** Bytes it has. */
  export const size: number;
  export default module;
}
