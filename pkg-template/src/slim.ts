import { BaseClient } from './BaseClient.js';
import { instantiate } from './wasm.js';

export * from './exports.js';

/** The client without the engine: `init` has to be done before a client is used. */
export class ResClient<Schema = unknown> extends BaseClient<Schema> {
  /** @internal */
  protected __module(): WebAssembly.Module {
    throw new Error('Call and await init() of resclient-wasm/slim before using a client');
  }
}

export default ResClient;

/** Where `client.wasm` is, or what is in it. */
export type ModuleSource = string | URL | Request | Response | BufferSource | WebAssembly.Module;

/** Loads the engine, `resclient-wasm/client.wasm`. Once it is loaded further calls change nothing. */
export async function init(source: ModuleSource | Promise<ModuleSource>): Promise<void> {
  const module = await compile(await source);
  instantiate(() => module);
}

async function compile(source: ModuleSource): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return WebAssembly.compile(source);
  const response = source instanceof Response ? source : await fetch(source);
  if (!response.ok) throw new Error(`client.wasm: ${response.status} ${response.statusText}`);
  // Compiling while loading needs the right type; without it the bytes will do.
  if (response.headers.get('content-type')?.startsWith('application/wasm')) {
    return WebAssembly.compileStreaming(response);
  }
  return WebAssembly.compile(await response.arrayBuffer());
}
