import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Complaint } from './Complaint.js';

type WebSocketClass = new (url: string) => object;

/** Node's own WebSocket, which it has since 22, or that of the package `ws` where this package or the project finds it. */
export async function webSocketClass(): Promise<WebSocketClass> {
  const own = (globalThis as { WebSocket?: WebSocketClass }).WebSocket;
  if (own) return own;
  for (const find of [
    () => 'ws',
    () => pathToFileURL(createRequire(join(process.cwd(), 'any.js')).resolve('ws')).href,
  ]) {
    try {
      return ((await import(find())) as { default: WebSocketClass }).default;
    } catch {
      // It is not installed there.
    }
  }
  throw new Complaint(`Node ${process.versions.node} has no WebSocket: use Node 22 or newer, or npm install ws here`);
}
