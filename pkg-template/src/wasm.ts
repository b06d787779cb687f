import * as glue from '#glue';
import type { Engine } from './driver.js';

let engine: Engine | undefined;

/** The engine all clients share, if it is there. */
export const currentEngine = (): Engine | undefined => engine;

/** Instantiates the engine, unless it has been. `compile` answers the module. */
export function instantiate(compile: () => WebAssembly.Module): Engine {
  if (engine) return engine;
  const imports = { './resclient_wasm_bg.js': glue as unknown as WebAssembly.ModuleImports };
  const { exports } = new WebAssembly.Instance(compile(), imports);
  glue.__wbg_set_wasm(exports);
  (exports['__wbindgen_start'] as (() => void) | undefined)?.();
  engine = { Driver: glue.Driver, memory: exports['memory'] as WebAssembly.Memory };
  return engine;
}
