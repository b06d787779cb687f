import { Clock, goBy, settled } from './clock.mjs';
import { Descriptions } from './descriptions.mjs';
import { Gateway } from './gateway.mjs';
import { Service } from './service.mjs';
import { isDelete } from './service.mjs';

/** What happened in one step, at one client. */
class Record {
  /** Requests sent, with the time in milliseconds. */
  frames = [];
  /** Calls of handlers, in order. */
  events = [];
  /** What became of promises: number of the step that made it, how it ended. */
  outcomes = [];
  /** What a method of the client, a model or a collection threw or answered at once. */
  answers = [];
  /** Exceptions that reached the socket or nobody, and what was written to `console.error`. */
  faults = [];
  cache = {};
  /** What every resource reads as; absent if nothing was read. */
  values = undefined;
}

/** A client with a gateway, a service, a network and a clock of its own, taken through a conversation. */
export class Side {
  records = [];
  #clock = new Clock();
  #listeners = [];
  /** The last object by resource ID that the application listened to. */
  #given = new Map();
  #record = new Record();
  #answers = new Map();
  #descriptions = new Descriptions();
  #pending = new Set();

  constructor({ resources, steps, protocol, lazy, heard, typed, hook }, kind) {
    this.steps = [...steps, ...END];
    this.protocol = protocol;
    this.lazy = lazy;
    this.kind = kind;
    for (const step of steps) this.#answers.set(step.number, step.kind === 'create' ? step : step.answer);
    this.gateway = new Gateway(new Service(resources), this.#answers, protocol);
    this.client = kind.make(this.gateway.factory, (where, error) => this.fault(where, error));
    this.client.on('connect disconnect error connectError', this.#handler('client'));
    if (heard) this.client.eventBus.on(null, this.#handler('bus'), 'resclient.resource');
    if (typed) kind.register(this.client, TYPED);
    if (hook) this.client.setOnConnect((client) => client.authenticate('hooked', 'hook', { n: 1 }));
  }

  /** Takes the client through all steps and to the end; `after` is called with each step and what happened in it. */
  async play(after) {
    const { error } = console;
    goBy(this.#clock);
    console.error = (...args) => this.fault('console', args[0]);
    process.on('unhandledRejection', this.#rejected);
    try {
      for (const step of this.steps) {
        await this.#take(step);
        await after?.(this, step, this.records.at(-1));
      }
    } finally {
      console.error = error;
      process.off('unhandledRejection', this.#rejected);
    }
    return this;
  }

  get isIdle() {
    return this.client.connected && this.gateway.isIdle;
  }

  /** Numbers of the steps whose promises are not settled. */
  get pending() {
    return [...this.#pending];
  }

  /** How often a cached resource is listened to, by event. */
  listeners(rid) {
    const own = this.#listeners.filter((one) => one.rid === rid);
    // Asking for the object would read it, if nobody has yet.
    if (own.length === 0) return 0;
    const item = this.kind.cached(this.client, rid);
    const count = (events) => (events ? events.split(' ').length : 1);
    return own.reduce((sum, one) => sum + (one.item === item ? count(one.events) : 0), 0);
  }

  fault(where, error) {
    this.#record.faults.push(
      `${where}: ${error instanceof Error ? `${error.name}: ${error.message}` : JSON.stringify(error)}`,
    );
  }

  #rejected = (error) => this.fault('rejection', error);

  async #take(step) {
    const sent = this.gateway.frames.length;
    this.step = step;
    this.#guard('step', () => this[step.kind](step));
    await this.#quiet();
    if (this.#later) {
      const later = this.#later;
      this.#later = null;
      await later();
    }
    const record = this.#record;
    this.#record = new Record();
    record.frames = this.gateway.frames.slice(sent);
    record.cache = Object.fromEntries(this.kind.cache(this.client).sort(([a], [b]) => (a < b ? -1 : 1)));
    if (!this.lazy || step.kind === 'read') record.values = this.values();
    record.at = this.#clock.now;
    this.records.push(record);
  }

  #later = null;

  values() {
    const values = {};
    for (const [rid] of this.kind.cache(this.client).sort(([a], [b]) => (a < b ? -1 : 1))) {
      const item = this.kind.cached(this.client, rid);
      if (item) values[rid] = this.#descriptions.read(item);
    }
    return values;
  }

  // The application.

  get({ rid }) {
    this.#promise(() => this.client.get(rid));
  }

  on({ rid, events, number }) {
    const item = this.kind.cached(this.client, rid);
    if (!item?.on) return this.#answer(item ? 'no resource' : 'not cached');
    const handler = events === undefined ? undefined : this.#handler(number);
    this.#answer(item.on(events, handler) === item);
    this.#listeners.push({ rid, item, events, handler });
    this.#given.set(rid, item);
  }

  off({ which }) {
    if (this.#listeners.length === 0) return;
    const [{ item, events, handler }] = this.#listeners.splice(which % this.#listeners.length, 1);
    this.#answer(item.off(events, handler) === item);
  }

  /** One of the events listened to together is listened to no longer. */
  offPart({ which }) {
    const several = this.#listeners.filter(({ events }) => events?.includes(' '));
    if (several.length === 0) return;
    const one = several[which % several.length];
    const [first, ...rest] = one.events.split(' ');
    one.events = rest.join(' ');
    this.#answer({ left: rest.length });
    one.item.off(first, one.handler);
  }

  /** The application still has an object that it was given earlier. */
  onOld({ rid, number }) {
    const item = this.#given.get(rid);
    if (!item?.on) return;
    const current = this.kind.cached(this.client, rid);
    this.#answer(current === item ? 'current' : current ? 'another' : 'none');
    const handler = this.#handler(number);
    try {
      item.on('change', handler);
      this.#listeners.push({ rid, item, events: 'change', handler });
    } catch (error) {
      this.#answer(this.#descriptions.describe(error));
    }
  }

  call({ rid, params, number }) {
    this.#promise(() => this.client.call(rid, `m${number}`, params));
  }

  auth({ rid, params, number }) {
    this.#promise(() => this.client.authenticate(rid, `m${number}`, params));
  }

  create({ rid, number }) {
    this.#promise(() => this.client.create(rid, { step: number }));
  }

  set({ rid, values }) {
    const props = Object.fromEntries(Object.entries(values).map(([key, v]) => [key, isDelete(v) ? undefined : v]));
    this.#promise(() => this.client.setModel(rid, props));
  }

  /** Gets what the first soft reference in a resource refers to. */
  soft({ rid }) {
    const item = this.kind.cached(this.client, rid);
    const values = item?.props
      ? Object.keys(item.props)
          .sort()
          .map((key) => item.props[key])
      : (item?.list ?? []);
    const reference = values.find((value) => typeof value?.equals === 'function');
    if (reference) this.#promise(() => reference.get());
  }

  read() {}

  connect() {
    this.#promise(() => this.client.connect());
  }

  disconnect() {
    this.client.disconnect();
  }

  leave() {
    for (const { item, events, handler } of this.#listeners.splice(0)) {
      this.#guard('off', () => item.off(events, handler));
    }
  }

  // The service.

  change({ rid, values, noop }) {
    this.gateway.mutate(rid, { kind: 'change', values, noop });
  }

  add({ rid, idx, value }) {
    this.gateway.mutate(rid, { kind: 'add', idx, value });
  }

  remove({ rid, idx }) {
    this.gateway.mutate(rid, { kind: 'remove', idx });
  }

  /** A collection's item goes to another place, which takes two events. */
  move({ rid, from, to }) {
    const { collection } = this.gateway.service.get(rid);
    if (!collection?.length) return;
    const value = collection[from % collection.length];
    this.gateway.mutate(rid, { kind: 'remove', idx: from });
    this.gateway.mutate(rid, { kind: 'add', idx: to, value });
  }

  custom({ rid, event, data }) {
    this.gateway.mutate(rid, { kind: 'custom', event, data });
  }

  delete({ rid }) {
    this.gateway.mutate(rid, { kind: 'delete' });
  }

  remake({ rid, resource }) {
    this.gateway.create(rid, resource);
  }

  revoke({ rid }) {
    this.gateway.revoke(rid);
  }

  grant({ rid }) {
    this.gateway.grant(rid);
  }

  // The network, and time.

  toGateway({ frames }) {
    for (let n = 0; n < frames; n++) this.gateway.accept();
  }

  complete({ which }) {
    this.gateway.complete(which);
  }

  toClient({ frames }) {
    this.#later = async () => {
      for (let n = 0; n < frames; n++) await this.#handOver();
    };
  }

  deliver() {
    this.#later = () => this.#deliver();
  }

  open() {
    this.#open();
  }

  /** The application wants to stay connected, whatever there is to be kept up to date. */
  lose() {
    this.#guard('onclose', () => this.gateway.lose());
    this.connect();
  }

  down() {
    this.gateway.isUp = false;
    this.lose();
  }

  up() {
    this.gateway.isUp = true;
  }

  wait({ ms, cut }) {
    this.#later = async () => {
      const end = this.#clock.now + ms;
      for (;;) {
        if (!cut) await this.#deliver();
        if (!this.#tick(end)) break;
        await settled();
      }
      this.#clock.now = end;
    };
  }

  // What things are made of.

  async #deliver() {
    for (;;) {
      const moved = this.#open() || this.gateway.accept() || this.gateway.complete() || (await this.#handOver());
      if (!moved) return;
      await this.#quiet();
    }
  }

  #open() {
    let opened = false;
    this.#guard('onopen', () => (opened = this.gateway.open()));
    return opened;
  }

  /** Each frame comes in a task of its own, as it does from a socket. */
  async #handOver() {
    let found = false;
    this.#guard('onmessage', () => {
      found = true;
      found = this.gateway.handOver();
    });
    if (found) await this.#quiet();
    return found;
  }

  /** Lets everything happen that happens at once. */
  async #quiet() {
    do await settled();
    while (this.#tick(this.#clock.now));
  }

  #tick(until) {
    let ticked = true;
    this.#guard('timer', () => (ticked = this.#clock.tick(until)));
    return ticked;
  }

  #guard(where, run) {
    try {
      run();
    } catch (error) {
      this.fault(where, error);
    }
  }

  #promise(run) {
    const { number } = this.step;
    let promise;
    try {
      promise = run();
    } catch (error) {
      return this.#answer(this.#descriptions.describe(error));
    }
    this.#pending.add(number);
    const end = (how) => (value) => {
      this.#pending.delete(number);
      this.#record.outcomes.push([number, how, this.#descriptions.describe(value)]);
    };
    promise.then(end('resolved'), end('rejected'));
  }

  #answer(answer) {
    this.#record.answers.push(answer);
  }

  #handler(who) {
    return (data, target, event, action) => {
      const item = target === this.client ? 'client' : this.#descriptions.describe(target);
      this.#record.events.push({ who, event, action, target: item, data: this.#descriptions.payload(data) });
    };
  }
}

/** Patterns of resources that are of classes of the application. */
const TYPED = ['b.*', 'k.>', 'g'];

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
