import { connect } from 'nats';
import { kill, launch } from './processes.mjs';
import { pythonPath } from './languages.mjs';
import { said } from './said.mjs';
import { within } from './until.mjs';

/** A service as a process of its own. */
export class Service {
  #child;

  /** `command` is `[program, ...arguments]`; `env` is added to the environment. */
  constructor(nats, command, { env } = {}) {
    this.nats = nats;
    this.command = command;
    this.env = { NATS_URL: nats.url, ...pythonPath(), ...env };
  }

  /** Starts it, and waits for the reset it publishes: as NATS keeps the order, its subscriptions are in place by then. */
  async start(env) {
    const bus = await connect({ servers: this.nats.url });
    try {
      const reset = new Promise((resolve) => bus.subscribe('system.reset', { max: 1, callback: resolve }));
      await bus.flush();
      const [program, ...args] = this.command;
      this.#child = launch(program, args, { env: { ...this.env, ...env } });
      await within(Promise.race([reset, said(this.#child, NEVER)]), 'the reset of a service');
    } finally {
      await bus.close();
    }
  }

  /** Resolves when it has ended by itself, or by what it did to itself. */
  ended() {
    return this.#child.ended;
  }

  /** Ends it as a crash would. */
  async kill() {
    await kill(this.#child);
  }
}

/** So what it says is collected, and its end noticed. */
const NEVER = /(?!)/;
