/** What the build makes and the sources import. */

declare module '#glue' {
  import type { Engine } from './driver.js';
  /** Makes what stands between JavaScript and one instance of the module. */
  export default function glue(): {
    Driver: Engine['Driver'];
    __wbg_set_wasm(exports: WebAssembly.Exports): void;
  } & WebAssembly.ModuleImports;
}

declare module '#module' {
  import type { Printable } from './printable.js';
  /** The wasm module. */
  const module: Printable;
  /** Bytes it has. */
  export const size: number;
  export default module;
}

/** The module, compiled by the runtime that the entry is for. */
declare module '*/client.wasm' {
  const module: WebAssembly.Module;
  export default module;
}
