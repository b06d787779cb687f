import { finishEdits } from './edits.js';
import { EventBus, type EventBusLike } from './EventBus.js';
import type { Listeners, Plan } from './Listeners.js';
import { safely } from './safely.js';

/** Emits a client's events on its bus: the quick way on our own bus, by `emit` on one from elsewhere. */
export class Emitter {
  private readonly own: EventBus | null;

  constructor(
    readonly bus: EventBusLike,
    readonly namespace: string,
  ) {
    this.own = bus instanceof EventBus ? bus : null;
  }

  /** Whether objects nobody has asked for may have listeners. */
  get heardByAll(): boolean {
    return this.own === null || this.own.heardByAll;
  }

  /** A channel for events of `target`, or null as long as nobody could hear them. */
  channel(target: object): EventChannel | null {
    return this.own ? this.own.channel(target) : FOREIGN;
  }

  post(plan: Plan, data: unknown, target: object): void {
    if (this.own) this.own.post(plan, data, target);
    else this.emitSafely(target, plan.event, data);
  }

  /** Emits an event of the client itself. */
  emit(client: object, event: string, data: unknown): void {
    this.emitSafely(client, event, data, this.namespace);
  }

  /** A bus from elsewhere may throw, or call handlers that do; the client has to go on with what it was doing. */
  private emitSafely(target: object, event: string, data: unknown, namespace?: string): void {
    finishEdits();
    safely(() => this.bus.emit(target, event, data, namespace));
  }
}

export type EventChannel = Pick<Listeners, 'plan'>;

/** Who listens on a bus from elsewhere is not known, so every event is emitted. */
const FOREIGN: EventChannel = {
  plan: (namespace, event) => ({ event: `${namespace}.${event}`, handler: () => undefined, action: null, next: null }),
};
