import { Descriptions } from './descriptions.mjs';
import { isDelete } from './service.mjs';

/** What uses a client: asks, listens, calls and reads. Everything it comes to know is noted in the record of the present step. */
export class Application {
  /** The record of the present step. */
  record = null;
  #kind;
  #client;
  #listeners = [];
  /** The last object by resource ID that was listened to. */
  #given = new Map();
  /** Numbers of the steps whose promises are not settled. */
  #pending = new Set();
  #descriptions = new Descriptions();

  constructor({ heard, typed, hook }, kind, client) {
    this.#kind = kind;
    this.#client = client;
    client.on('connect disconnect error connectError', this.#handler('client'));
    if (heard) client.eventBus.on(null, this.#handler('bus'), 'resclient.resource');
    if (typed) kind.register(client, TYPED);
    if (hook) client.setOnConnect((connected) => connected.authenticate('hooked', 'hook', { n: 1 }));
  }

  get pending() {
    return [...this.#pending];
  }

  /** How often a cached resource is listened to, by event. */
  listeners(rid) {
    const own = this.#listeners.filter((one) => one.rid === rid);
    // Asking for the object would read it, if nobody has yet.
    if (own.length === 0) return 0;
    const item = this.#cached(rid);
    const count = (events) => (events ? events.split(' ').length : 1);
    return own.reduce((sum, one) => sum + (one.item === item ? count(one.events) : 0), 0);
  }

  /** Reads everything cached. */
  values() {
    const values = {};
    for (const rid of Object.keys(this.#kind.cache(this.#client)).sort()) {
      const item = this.#cached(rid);
      if (item) values[rid] = this.#descriptions.read(item);
    }
    return values;
  }

  // The steps.

  get({ rid, number }) {
    this.#promise(number, () => this.#client.get(rid));
  }

  on({ rid, events, number }) {
    const item = this.#cached(rid);
    if (item?.on) this.#listen(rid, item, events, events === undefined ? undefined : this.#handler(number));
    else this.#answer(item ? 'no resource' : 'not cached');
  }

  /** The application still has an object that it was given earlier. */
  onOld({ rid, number }) {
    const item = this.#given.get(rid);
    if (!item) return;
    const current = this.#cached(rid);
    this.#answer(current === item ? 'current' : 'old');
    try {
      this.#listen(rid, item, 'change', this.#handler(number));
    } catch (error) {
      this.#answer(this.#descriptions.describe(error));
    }
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

  /** Nobody listens to anything any more. */
  leave() {
    for (const { item, events, handler } of this.#listeners.splice(0)) {
      try {
        item.off(events, handler);
      } catch (error) {
        this.record.fault('off', error);
      }
    }
  }

  call({ rid, params, number }) {
    this.#promise(number, () => this.#client.call(rid, `m${number}`, params));
  }

  auth({ rid, params, number }) {
    this.#promise(number, () => this.#client.authenticate(rid, `m${number}`, params));
  }

  create({ rid, number }) {
    this.#promise(number, () => this.#client.create(rid, { step: number }));
  }

  set({ rid, values, number }) {
    const props = Object.fromEntries(Object.entries(values).map(([key, v]) => [key, isDelete(v) ? undefined : v]));
    this.#promise(number, () => this.#client.setModel(rid, props));
  }

  /** Gets what the first soft reference in a resource refers to. */
  soft({ rid, number }) {
    const { props, list } = this.#cached(rid) ?? {};
    const members = props && Object.keys(props).sort();
    const values = members ? members.map((key) => props[key]) : (list ?? []);
    const reference = values.find((value) => typeof value?.equals === 'function');
    if (reference) this.#promise(number, () => reference.get());
  }

  connect({ number }) {
    this.#promise(number, () => this.#client.connect());
  }

  disconnect() {
    this.#client.disconnect();
  }

  /** What is read is read after each step, or after this one. */
  read() {}

  #cached(rid) {
    return this.#kind.cached(this.#client, rid);
  }

  #listen(rid, item, events, handler) {
    this.#answer(item.on(events, handler) === item);
    this.#listeners.push({ rid, item, events, handler });
    this.#given.set(rid, item);
  }

  #promise(number, run) {
    let promise;
    try {
      promise = run();
    } catch (error) {
      this.#answer(this.#descriptions.describe(error));
      return;
    }
    this.#pending.add(number);
    const end = (how) => (value) => {
      this.#pending.delete(number);
      this.record.outcomes.push([number, how, this.#descriptions.describe(value)]);
    };
    promise.then(end('resolved'), end('rejected'));
  }

  #answer(answer) {
    this.record.answers.push(answer);
  }

  #handler(who) {
    return (data, target, event, action) => {
      const item = target === this.#client ? 'client' : this.#descriptions.describe(target);
      this.record.events.push({ who, event, action, target: item, data: this.#descriptions.payload(data) });
    };
  }
}

/** Patterns of resources that are of classes of the application. */
const TYPED = ['b.*', 'k.>', 'g'];
