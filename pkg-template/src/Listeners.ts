import type { EventHandler } from './EventBus.js';

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

/** A handler of everything whose name is `name` or begins with it and a dot. */
export interface Registration {
  readonly name: string;
  readonly handler: unknown;
  /** Grows with every registration. */
  readonly serial: number;
}

/** What {@link Listeners} need of their bus. */
interface Planner {
  /** Changes whenever those who hear every target come or go. */
  readonly epoch: number;
  plan(target: object, event: string): Plan | null;
}

/** The listeners of one target. Remembers who listens to which of its events until that changes. */
export class Listeners {
  readonly registrations: Registration[] = [];
  private namespace: string | null = null;
  /** The event asked for last and its plan: mostly the next is the same. */
  private lastEvent: string | null = null;
  private lastPlan: Plan | null = null;
  /** The plans of all events asked for, once there are two. */
  private plans: Map<string, Plan | null> | null = null;
  private epoch = 0;

  constructor(
    private readonly bus: Planner,
    private readonly target: object,
  ) {}

  /** Those to be called for an event of this target, or null. */
  plan(namespace: string, event: string): Plan | null {
    if (this.epoch !== this.bus.epoch || namespace !== this.namespace) {
      this.outdate();
      this.epoch = this.bus.epoch;
      this.namespace = namespace;
    }
    if (event === this.lastEvent) return this.lastPlan;
    let plan = this.plans?.get(event);
    if (plan === undefined) {
      plan = this.bus.plan(this.target, `${namespace}.${event}`);
      if (this.lastEvent !== null) this.remember(event, plan);
    }
    this.lastEvent = event;
    this.lastPlan = plan;
    return plan;
  }

  add(registration: Registration): void {
    this.registrations.push(registration);
    this.outdate();
  }

  /** Removes registrations for this very name: the last with this handler, or unless `strict` all, for null of any. */
  remove(name: string, handler: unknown, strict: boolean): void {
    const { registrations } = this;
    for (let i = registrations.length - 1; i >= 0; i--) {
      const found = registrations[i]!;
      const matches = found.handler === handler || (handler === null && !strict);
      if (found.name !== name || !matches) continue;
      registrations.splice(i, 1);
      if (strict) break;
    }
    this.outdate();
  }

  private outdate(): void {
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

/** The plan of an event for those among the registrations who hear it. */
export function planOf(registrations: Iterable<Registration>, event: string): Plan | null {
  const hearing: Registration[] = [];
  for (const registration of registrations) {
    if (typeof registration.handler === 'function' && covers(registration.name, event)) hearing.push(registration);
  }
  // The first to be called is made last.
  if (hearing.length > 1) hearing.sort((a, b) => a.name.length - b.name.length || a.serial - b.serial);
  let plan: Plan | null = null;
  for (const { name, handler } of hearing) {
    const action = (name === '' ? event : event.slice(name.length + 1)) || null;
    plan = { event, handler: handler as EventHandler, action, next: plan };
  }
  return plan;
}

const covers = (name: string, event: string): boolean =>
  name === '' || name === event || (event.startsWith(name) && event[name.length] === '.');

const MOST_PLANS = 64;
