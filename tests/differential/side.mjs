import { Application } from './application.mjs';
import { Clock, goBy, settled } from './clock.mjs';
import { Gateway } from './gateway.mjs';
import { Record } from './record.mjs';
import { Service } from './service.mjs';

/** A client with an application, a gateway, a service, a network and a clock of its own, taken through a conversation. */
export class Side {
  /** What happened in the steps so far. */
  records = [];
  #clock = new Clock();
  #record = new Record();
  #lazy;
  #kind;

  constructor(conversation, kind) {
    const { resources, protocol, lazy } = conversation;
    this.steps = [...conversation.steps, ...END];
    this.#lazy = lazy;
    this.#kind = kind;
    const answers = conversation.steps.map((step) => [step.number, step.kind === 'create' ? step : step.answer]);
    this.gateway = new Gateway(new Service(resources), new Map(answers), protocol);
    this.client = kind.make(this.gateway.factory, (where, error) => this.#record.fault(where, error));
    this.application = new Application(conversation, kind, this.client);
  }

  /** Takes the client through all steps and to the end; `after` is called with each step and what happened in it. */
  async play(after) {
    const { error } = console;
    const rejected = (reason) => this.#record.fault('rejection', reason);
    goBy(this.#clock);
    console.error = (...args) => this.#record.fault('console', args[0]);
    process.on('unhandledRejection', rejected);
    try {
      for (const step of this.steps) {
        await this.#take(step);
        await after?.(this, step, this.records.at(-1));
      }
    } finally {
      console.error = error;
      process.off('unhandledRejection', rejected);
    }
    return this;
  }

  /** Whether the client is connected and nothing is under way. */
  get isIdle() {
    return this.client.connected && this.gateway.isIdle;
  }

  async #take(step) {
    const sent = this.gateway.frames.length;
    const record = (this.#record = this.application.record = new Record());
    await this.#guard('step', () => {
      if (step.kind in this.#world) return this.#world[step.kind](step);
      if (step.kind in this.gateway.steps) return this.gateway.steps[step.kind](step);
      return this.application[step.kind](step);
    });
    await this.#quiet();
    record.frames = this.gateway.frames.slice(sent);
    record.cache = this.#kind.cache(this.client);
    if (!this.#lazy || step.kind === 'read') record.values = this.application.values();
    this.records.push(record);
  }

  /** The steps of the network, and of time. */
  #world = {
    toGateway: ({ frames }) => {
      for (let n = 0; n < frames; n++) this.gateway.accept();
    },

    complete: ({ which }) => {
      this.gateway.complete(which);
    },

    toClient: async ({ frames }) => {
      for (let n = 0; n < frames; n++) await this.#handOver();
    },

    deliver: () => this.#deliver(),

    open: () => this.#open(),

    /** The application wants to stay connected, whatever there is to be kept up to date. */
    lose: async (step) => {
      await this.#guard('onclose', () => this.gateway.lose());
      this.application.connect(step);
    },

    down: (step) => {
      this.gateway.isUp = false;
      return this.#world.lose(step);
    },

    up: () => {
      this.gateway.isUp = true;
    },

    wait: async ({ ms, cut }) => {
      const end = this.#clock.now + ms;
      do {
        await settled();
        if (!cut) await this.#deliver();
      } while (await this.#tick(end));
      this.#clock.now = end;
    },
  };

  async #deliver() {
    while ((await this.#open()) || this.gateway.accept() || this.gateway.complete() || (await this.#handOver())) {
      await this.#quiet();
    }
  }

  #open() {
    return this.#guard('onopen', () => this.gateway.open());
  }

  /** Each frame comes in a task of its own, as it does from a socket. */
  async #handOver() {
    const found = await this.#guard('onmessage', () => this.gateway.handOver());
    if (found) await this.#quiet();
    return found;
  }

  /** Lets everything happen that happens at once. */
  async #quiet() {
    do await settled();
    while (await this.#tick(this.#clock.now));
  }

  #tick(until) {
    return this.#guard('timer', () => this.#clock.tick(until));
  }

  /** Runs something; an exception is noted, and counts as something done. */
  async #guard(where, run) {
    try {
      return await run();
    } catch (error) {
      this.#record.fault(where, error);
      return true;
    }
  }
}

/** How every conversation ends: everything comes to rest, then nobody listens any more, then the clients are let go of. */
const END = [
  { kind: 'up', number: 'up' },
  { kind: 'connect', number: 'end' },
  { kind: 'wait', number: 'wait', ms: 60_000 },
  { kind: 'read', number: 'rest' },
  { kind: 'leave', number: 'leave' },
  { kind: 'wait', number: 'wait again', ms: 60_000 },
  { kind: 'read', number: 'left' },
  { kind: 'disconnect', number: 'over' },
];
