import { stop } from '../../../scripts/lib/process.mjs';
import { kill, launch } from './processes.mjs';
import { said } from './said.mjs';

/** A real gateway: a program that says where it listens. */
export class Gateway {
  #command;
  #child;
  #port = 0;

  /** `command(port)` is `[program, arguments, environment]`. */
  constructor(command) {
    this.#command = command;
  }

  /** Starts it; after a stop, on the same port, as clients expect. */
  async start() {
    const [program, args, env] = this.#command(String(this.#port));
    this.#child = launch(program, args, { env });
    const [, port] = await said(this.#child, /listening on \S*:(\d+)/);
    this.#port = Number(port);
  }

  /** Ends it as a crash would: nobody is told. */
  async kill() {
    await kill(this.#child);
  }

  async stop() {
    await stop(this.#child);
  }

  get address() {
    return `http://127.0.0.1:${this.#port}/`;
  }

  /** Of the pages it serves. */
  get origin() {
    return new URL(this.address).origin;
  }

  get webSocket() {
    return `ws://127.0.0.1:${this.#port}/`;
  }
}
