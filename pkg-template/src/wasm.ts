import glue from '#glue';
import type { Engine } from './driver.js';

let engine: Engine | undefined;
let module: WebAssembly.Module | undefined;

/** The engine all clients share, if it is there. */
export const currentEngine = (): Engine | undefined => engine;

/**
 * Instantiates the engine, unless it has been, and again after that has failed: clients that use the failed one already go on.
 * `compile` answers the module.
 */
export function instantiate(compile: () => WebAssembly.Module): Engine {
  if (engine && !engine.hasFailed) return engine;
  const { Driver, __wbg_set_wasm, ...imports } = glue();
  const { exports } = new WebAssembly.Instance((module ??= compile()), { './resclient_wasm_bg.js': imports });
  __wbg_set_wasm(exports);
  (exports['__wbindgen_start'] as (() => void) | undefined)?.();
  engine = { Driver, memory: exports['memory'] as WebAssembly.Memory, hasFailed: false };
  return engine;
}
