import { moduleBytes } from './inline.js';
import { BaseClient } from './BaseClient.js';
import { currentEngine, instantiate } from './wasm.js';

export * from './exports.js';

/** The client, with the engine inside: it is compiled when a client is used first. */
export class ResClient extends BaseClient {
  /** @internal */
  protected __module(): WebAssembly.Module {
    return new WebAssembly.Module(moduleBytes());
  }
}

export default ResClient;

/**
 * Compiles the engine ahead of time, off the main thread, so that the first use of a client need not. Calling it is
 * never necessary.
 */
export async function ready(): Promise<void> {
  if (currentEngine()) return;
  const module = await WebAssembly.compile(moduleBytes());
  instantiate(() => module);
}
