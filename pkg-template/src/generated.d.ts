/** What the build makes and the sources import. */

declare module '#glue' {
  import type { Engine } from './driver.js';
  export const Driver: Engine['Driver'];
  export function __wbg_set_wasm(exports: WebAssembly.Exports): void;
}

declare module '#module' {
  /** The wasm module, deflated, as base64. */
  const base64: string;
  /** Bytes it has when inflated. */
  export const size: number;
  export default base64;
}
