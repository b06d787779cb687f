import { createInterface } from 'node:readline';
import { gateway } from './places.mjs';
import { Complaint, start } from './process.mjs';

/**
 * Starts the gateway with its demo services on a free port, for pages of every origin, and gives `{ server, webSocket }` when it
 * listens. Whoever starts it stops it.
 */
export async function startDemo() {
  const options = ['--demo', '--addr', '127.0.0.1', '--port', '0', '--alloworigin', '*'];
  const server = start(gateway, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: server.stdout })) {
    const port = /^listening on \S+:(\d+)$/.exec(line)?.[1];
    if (port) return { server, webSocket: `ws://127.0.0.1:${port}/` };
  }
  throw new Complaint('the gateway ended before it listened: see the output above');
}
