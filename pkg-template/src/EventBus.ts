import { eventNames } from './eventNames.js';
import { Listeners, type Plan, planOf, type Registration } from './Listeners.js';
import { log } from './safely.js';

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
  /** Events of the client come with its namespace, those of resources by their full name. */
  emit(target: object, event: string, data: unknown, namespace?: string): unknown;
}

/**
 * Calls listeners of dotted event names: those of `a.b.c`, then of `a.b`, `a` and of the empty name, and those of one
 * name last registered first. Handlers run in one timer task, never inside `emit`; one that throws does not keep the
 * others from running.
 */
export class EventBus implements EventBusLike {
  /** Listeners without a target hear every target. */
  private readonly everyone = new Listeners(this, this);
  private readonly byTarget = new WeakMap<object, Listeners>();
  /** Those of the above that are not empty. */
  private readonly heard = new Set<Listeners>();
  private serial = 0;
  private moves = 0;
  /** Triples of plan, data and target. */
  private queue: unknown[] = [];
  private scheduled = false;

  /**
   * Attaches a handler to space-separated events, or to everything in the namespace when `events` is null or empty.
   * Without a target the handler hears all targets. `on(events, handler, namespace)` may be written for no target.
   */
  on(target: object | null, events?: string | null, handler?: EventHandler | null, namespace?: string): this;
  on(events: string | null, handler: EventHandler, namespace?: string): this;
  on(first: unknown, events?: unknown, handler?: unknown, namespace?: unknown): this {
    let target = first as object | null;
    if (typeof events === 'function') {
      [target, events, handler, namespace] = [null, first, events, handler];
    }
    const listeners = target ? this.of(target) : this.everyone;
    for (const name of eventNames(events, namespace)) {
      listeners.add({ name, handler, serial: this.serial++ });
      if (target) this.heard.add(listeners);
      else this.moves += 1;
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
  off(first: unknown, events?: unknown, handler?: unknown, namespace?: unknown, strict?: unknown): this {
    let target = first as object | null;
    if (first === null || typeof first === 'string') {
      [target, events, handler, namespace, strict] = [null, first, events, handler, namespace];
    }
    const names = eventNames(events, namespace);
    const own = target ? this.byTarget.get(target) : this.everyone;
    // Looked for first, so that an error leaves everything as it was.
    if (strict && !(own && hasAll(own.registrations, names, handler))) {
      const error = new Error('Event handler not found');
      console.error(error, { target, events, handler, namespace });
      throw error;
    }
    const all = target || strict ? [own] : [own, ...this.heard];
    for (const listeners of all) {
      for (const name of names) listeners?.remove(name, handler, Boolean(strict));
      if (listeners?.registrations.length === 0) this.heard.delete(listeners);
    }
    if (!target) this.moves += 1;
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

  /** @internal A quick way to emit events of one target; null as long as nobody could hear them. */
  channel(target: object): Listeners | null {
    return this.byTarget.get(target) ?? (this.heardByAll ? this.of(target) : null);
  }

  /** Whether somebody listens to events of any target. */
  get heardByAll(): boolean {
    return this.everyone.registrations.length > 0;
  }

  /** @internal Changes whenever listeners without a target come or go. */
  get epoch(): number {
    return this.moves;
  }

  /** @internal Those to be called for an event, or null. */
  plan(target: object | null, event: string): Plan | null {
    const own = (target && this.byTarget.get(target)?.registrations) ?? [];
    return planOf(this.heardByAll ? [...this.everyone.registrations, ...own] : own, event);
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
          log(error);
        }
      }
    }
    this.queue = [];
    this.scheduled = false;
  }

  /** The listeners of a target, of whom there may be none yet. */
  private of(target: object): Listeners {
    let listeners = this.byTarget.get(target);
    if (listeners === undefined) {
      listeners = new Listeners(this, target);
      this.byTarget.set(target, listeners);
    }
    return listeners;
  }
}

/** Whether there is a registration for each of the names, for as many as are alike. */
function hasAll(registrations: readonly Registration[], names: string[], handler: unknown): boolean {
  const found = registrations.filter((registration) => registration.handler === handler).map(({ name }) => name);
  return names.every((name) => {
    const at = found.indexOf(name);
    if (at >= 0) found.splice(at, 1);
    return at >= 0;
  });
}
