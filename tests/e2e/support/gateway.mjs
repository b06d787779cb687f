import { join } from 'node:path';
import { gateway as built, root } from '../../../scripts/lib/places.mjs';
import { start, stop } from '../../../scripts/lib/process.mjs';

/** What the tests serve: a copy of their own, which an `npm start` at the same time leaves alone. */
export const site = join(root, 'target/e2e-site');

/** The real gateway, with its demo services and the site unless flags say otherwise, on a port of the system's choice. */
export class Gateway {
  #flags;
  #child;
  #port = 0;

  constructor(...flags) {
    this.#flags = flags.length ? flags : ['--demo', '--www', site];
  }

  /** Starts it; after a stop, on the same port, as a page that is open expects. */
  async start() {
    const binary = process.env.RES_GATEWAY || built;
    this.#child = start(binary, [...this.#flags, '--port', String(this.#port)], { stdio: 'pipe' });
    process.once('exit', () => this.#child.kill('SIGKILL'));
    this.#port = await listening(this.#child);
    return this;
  }

  /** Ends it as a crash would: nobody is told. */
  async kill() {
    this.#child.kill('SIGKILL');
    await this.#child.ended;
  }

  async stop() {
    await stop(this.#child);
  }

  get address() {
    return `http://127.0.0.1:${this.#port}/`;
  }
}

/** The port, from the line in which the gateway says where it listens. */
function listening(child) {
  return new Promise((resolve, reject) => {
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data) => {
        said += data;
        const port = /listening on \S*:(\d+)/.exec(said)?.[1];
        if (port) resolve(Number(port));
      });
    }
    child.ended.then(({ error, code }) => reject(error ?? new Error(`the gateway ended with ${code}: ${said}`)));
  });
}
