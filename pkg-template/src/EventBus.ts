/**
 * Called with an event's data, the object it happened to, its full name, and the part of the name behind what the
 * handler was registered for (null when it was registered for exactly this event).
 */
export type EventHandler<D = unknown, T = unknown> = {
  bivariant(data: D, target: T, event: string, action: string | null): void;
}['bivariant'];

/** What a client needs of an event bus; one from elsewhere, such as modapp-eventbus, may be passed to it. */
export interface EventBusLike {
  on(target: object, events: string | null | undefined, handler: unknown, namespace: string): unknown;
  off(
    target: object,
    events: string | null | undefined,
    handler: unknown,
    namespace: string,
    strict?: boolean,
  ): unknown;
  emit(target: object, event: string, data: unknown): unknown;
}

/**
 * Who is called for one event of one target: the first, and who comes after. Never changed, so that what is queued keeps
 * the listeners of its time. Mostly there is one, and a list would be more objects to fetch for each event.
 */
export interface Plan {
  /** Full name of the event. */
  readonly event: string;
  readonly handler: EventHandler;
  readonly action: string | null;
  readonly next: Plan | null;
}

interface Registration {
  readonly target: object | null;
  readonly handler: unknown;
}

/**
 * Calls listeners of dotted event names: those of `a.b.c`, then of `a.b`, `a` and of the empty name, and those of one
 * name last registered first. Handlers run in one timer task, never inside `emit`; one that throws does not keep the
 * others from running.
 */
export class EventBus implements EventBusLike {
  private readonly lists = new Map<string, Registration[]>();
  /** How many lists there are for names of each length: most names an event might be heard by have none. */
  private readonly lengths = new Map<number, number>();
  /** The channels of every target that has had a listener; they have to know when its listeners change. */
  private readonly channels = new WeakMap<object, Channel[]>();
  /** Listeners without a target hear every target, so they outdate every plan. */
  private untargeted = 0;
  private untargetedMoves = 0;
  /** Triples of plan, data and target. */
  private queue: unknown[] = [];
  private scheduled = false;

  /**
   * Attaches a handler to space-separated events, or to everything in the namespace when `events` is null or empty.
   * Without a target the handler hears all targets. `on(events, handler, namespace)` may be written for no target.
   */
  on(target: object | null, events?: string | null, handler?: EventHandler | null, namespace?: string): this;
  on(events: string | null, handler: EventHandler, namespace?: string): this;
  on(target: unknown, events?: unknown, handler?: unknown, namespace?: unknown): this {
    if (typeof events === 'function') {
      [target, events, handler, namespace] = [null, target, events, handler];
    }
    const registration: Registration = { target: (target as object | null) || null, handler };
    for (const name of eventNames(events, namespace)) {
      const list = this.lists.get(name);
      if (list) {
        list.push(registration);
      } else {
        this.lists.set(name, [registration]);
        this.countLength(name.length, 1);
      }
      this.moved(registration.target, 1);
    }
    return this;
  }

  /**
   * Removes handlers: all of the target, or all of every target when it is left out, that match. A null handler stands
   * for any. With `strict` exactly one registration per event is removed, and its absence is an error.
   */
  off(
    target: object,
    events?: string | null,
    handler?: EventHandler | null,
    namespace?: string,
    strict?: boolean,
  ): this;
  off(events: string | null, handler?: EventHandler | null, namespace?: string): this;
  off(target: unknown, events?: unknown, handler?: unknown, namespace?: unknown, strict?: unknown): this {
    if (target === null || typeof target === 'string') {
      [target, events, handler, namespace, strict] = [null, target, events, handler, namespace];
    }
    const names = eventNames(events, namespace);
    // Looked for first, so that an error leaves everything as it was.
    if (strict && !this.hasAll(names, target, handler)) {
      const error = new Error('Event handler not found');
      console.error(error, { target, events, handler, namespace });
      throw error;
    }
    for (const name of names) this.remove(name, target, handler, Boolean(strict));
    return this;
  }

  /** Emits an event. `emit(event, data, namespace)` may be written for no target. */
  emit(target: object | null, event: string, data?: unknown, namespace?: string): this;
  emit(event: string, data?: unknown, namespace?: string): this;
  emit(target: unknown, event?: unknown, data?: unknown, namespace?: unknown): this {
    if (typeof target === 'string') {
      [target, event, data, namespace] = [null, target, event, data];
    }
    const name = (namespace ? namespace + '.' : '') + String(event);
    const plan = this.plan(target as object | null, name);
    if (plan) this.post(plan, data, target);
    return this;
  }

  /** A quick way to emit events of one target; null as long as nobody could hear them. */
  channel(target: object, namespace: string): Channel | null {
    let channels = this.channels.get(target);
    if (channels === undefined) {
      if (this.untargeted === 0) return null;
      channels = [];
      this.channels.set(target, channels);
    }
    const channel = new Channel(this, target, namespace);
    channels.push(channel);
    return channel;
  }

  /** Whether somebody listens to events of any target. */
  get heardByAll(): boolean {
    return this.untargeted > 0;
  }

  /** @internal Changes whenever listeners without a target come or go. */
  get epoch(): number {
    return this.untargetedMoves;
  }

  /** @internal Those to be called for an event, or null. */
  plan(target: object | null, event: string): Plan | null {
    const calls: { handler: EventHandler; action: string | null }[] = [];
    for (let end = event.length; ;) {
      const list = this.lengths.has(end) ? this.lists.get(event.slice(0, end)) : undefined;
      if (list) {
        const action = (end > 0 ? event.slice(end + 1) : event) || null;
        for (let i = list.length - 1; i >= 0; i--) {
          const { target: own, handler } = list[i]!;
          if (typeof handler === 'function' && (own === null || own === target)) {
            calls.push({ handler: handler as EventHandler, action });
          }
        }
      }
      if (end === 0) break;
      end = Math.max(event.lastIndexOf('.', end - 1), 0);
    }
    let plan: Plan | null = null;
    for (let i = calls.length - 1; i >= 0; i--) plan = { event, ...calls[i]!, next: plan };
    return plan;
  }

  /** @internal Queues the calls of a plan. */
  post(plan: Plan, data: unknown, target: unknown): void {
    this.queue.push(plan, data, target);
    if (!this.scheduled) {
      this.scheduled = true;
      setTimeout(() => this.drain(), 0);
    }
  }

  private drain(): void {
    const queue = this.queue;
    // What handlers emit is delivered in the same task.
    for (let i = 0; i < queue.length; i += 3) {
      const data = queue[i + 1];
      const target = queue[i + 2];
      for (let plan = queue[i] as Plan | null; plan !== null; plan = plan.next) {
        // Taken out of the plan, so that it is not `this` to the handler.
        const { handler } = plan;
        try {
          handler(data, target, plan.event, plan.action);
        } catch (error) {
          console.error(error);
        }
      }
    }
    this.queue = [];
    this.scheduled = false;
  }

  private hasAll(names: string[], target: unknown, handler: unknown): boolean {
    const wanted = new Map<string, number>();
    for (const name of names) wanted.set(name, (wanted.get(name) ?? 0) + 1);
    for (const [name, count] of wanted) {
      const found = this.lists.get(name)?.filter((r) => r.target === target && r.handler === handler);
      if (!found || found.length < count) return false;
    }
    return true;
  }

  private remove(name: string, target: unknown, handler: unknown, strict: boolean): void {
    const list = this.lists.get(name);
    if (!list) return;
    for (let i = list.length - 1; i >= 0; i--) {
      const found = list[i]!;
      const matches =
        (found.target === target || (target === null && !strict)) &&
        (found.handler === handler || (handler === null && !strict));
      if (!matches) continue;
      list.splice(i, 1);
      this.moved(found.target, -1);
      if (strict) break;
    }
    if (list.length > 0) return;
    this.lists.delete(name);
    this.countLength(name.length, -1);
  }

  private countLength(length: number, by: number): void {
    const count = (this.lengths.get(length) ?? 0) + by;
    if (count > 0) this.lengths.set(length, count);
    else this.lengths.delete(length);
  }

  private moved(target: object | null, by: number): void {
    if (target === null) {
      this.untargeted += by;
      this.untargetedMoves += 1;
      return;
    }
    const channels = this.channels.get(target);
    if (channels === undefined) this.channels.set(target, []);
    else for (const channel of channels) channel.outdate();
  }
}

/** Events of one target in one namespace; remembers who listens to which until that changes. */
export class Channel {
  /** The event asked for last and its plan: mostly the next is the same. */
  private lastEvent: string | null = null;
  private lastPlan: Plan | null = null;
  /** The plans of all events asked for, once there are two. */
  private plans: Map<string, Plan | null> | null = null;
  private epoch: number;

  constructor(
    private readonly bus: EventBus,
    private readonly target: object,
    private readonly namespace: string,
  ) {
    this.epoch = bus.epoch;
  }

  /** Those to be called for an event of this target, or null. */
  plan(event: string): Plan | null {
    if (this.epoch !== this.bus.epoch) {
      this.outdate();
      this.epoch = this.bus.epoch;
    }
    if (event === this.lastEvent) return this.lastPlan;
    let plan = this.plans?.get(event);
    if (plan === undefined) {
      plan = this.bus.plan(this.target, this.namespace + '.' + event);
      if (this.lastEvent !== null) this.remember(event, plan);
    }
    this.lastEvent = event;
    this.lastPlan = plan;
    return plan;
  }

  /** Listeners have come or gone. */
  outdate(): void {
    this.lastEvent = null;
    this.lastPlan = null;
    this.plans = null;
  }

  private remember(event: string, plan: Plan | null): void {
    this.plans ??= new Map<string, Plan | null>().set(this.lastEvent!, this.lastPlan);
    // Names of custom events come from outside, so what is remembered is bounded.
    if (this.plans.size >= MOST_PLANS) this.plans.clear();
    this.plans.set(event, plan);
  }
}

/** How many names space-separated events stand for; the namespace itself, for no events, is one. */
export const countEvents = (events: unknown): number => eventNames(events, '').length;

function eventNames(events: unknown, namespace: unknown): string[] {
  if (!events) return [(namespace as string | undefined) || ''];
  if (typeof events !== 'string') throw new TypeError('Event names must be a string');
  const prefix = namespace ? `${namespace as string}.` : '';
  return (events.match(/\S+/g) ?? []).map((name) => prefix + name);
}

let shared: EventBus | undefined;

/** The bus of all clients that are not given one of their own. */
export function sharedEventBus(): EventBus {
  return (shared ??= new EventBus());
}

const MOST_PLANS = 64;
