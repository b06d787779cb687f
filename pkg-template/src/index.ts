import module, { size } from '#module';
import { BaseClient } from './BaseClient.js';
import { bytesOf } from './printable.js';
import { ResCollection } from './ResCollection.js';
import { isResError } from './ResError.js';
import { ResModel } from './ResModel.js';
import { currentEngine, instantiate } from './wasm.js';

export * from './exports.js';

/** The client, with the engine inside: it is compiled when a client is used first. */
export class ResClient<Schema = unknown> extends BaseClient<Schema> {
  // What programs of Node have written to import resclient, which is CommonJS there: all of it as one object.
  static readonly default: typeof ResClient = ResClient;
  static readonly isResError = isResError;
  static readonly ResModel = ResModel;
  static readonly ResCollection = ResCollection;

  /** @internal */
  protected __module(): WebAssembly.Module {
    return new WebAssembly.Module(bytesOf(module, size));
  }
}

export default ResClient;

/**
 * Compiles the engine ahead of time, off the main thread, so that the first use of a client need not. Calling it is
 * never necessary.
 */
export async function ready(): Promise<void> {
  if (currentEngine()) return;
  const compiled = await WebAssembly.compile(bytesOf(module, size));
  instantiate(() => compiled);
}
