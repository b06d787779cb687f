import { join } from 'node:path';
import { root } from '../../../scripts/lib/places.mjs';
import { stop } from '../../../scripts/lib/process.mjs';
import { launch } from './processes.mjs';
import { said } from './said.mjs';

/** A NATS server of the test's own, on a port of the system's choice. */
export class NatsServer {
  #child;
  #port = -1;

  async start() {
    const binary = process.env.NATS_SERVER || join(root, 'target/tools/nats/bin/nats-server');
    this.#child = launch(binary, ['--addr', '127.0.0.1', '--port', String(this.#port)]);
    const [, port] = await said(this.#child, /client connections on \S*:(\d+)/);
    this.#port = Number(port);
    await said(this.#child, /Server is ready/);
  }

  async stop() {
    await stop(this.#child);
  }

  get url() {
    return `nats://127.0.0.1:${this.#port}`;
  }
}
