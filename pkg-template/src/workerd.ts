import module from './client.wasm';
import { BaseClient } from './BaseClient.js';
import { instantiate } from './wasm.js';

export * from './exports.js';

/** The client for Cloudflare Workers and Vercel's edge, which compile modules when they are deployed and forbid it later. */
export class ResClient<Schema = unknown> extends BaseClient<Schema> {
  /** @internal */
  protected __module(): WebAssembly.Module {
    return module;
  }
}

export default ResClient;

/** As in the other entries; there is hardly anything left to do. */
export async function ready(): Promise<void> {
  instantiate(() => module);
}
