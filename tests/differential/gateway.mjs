import { NOT_FOUND, references } from './service.mjs';
import { Socket } from './socket.mjs';

/**
 * A gateway with one client, as the RES-Client protocol describes it. It keeps the direct subscriptions of the connection, finds
 * from scratch what can be reached from them, and sends of that only what the client does not hold yet.
 */
export class Gateway {
  /** The latest socket, if it has not ended. */
  socket = null;
  /** Whether connections come about. */
  isUp = true;
  /** Direct subscriptions by resource ID. */
  direct = new Map();
  /** What the client was told: content and whether it was deleted since, by resource ID. */
  held = new Map();
  /** Resources whose subscribe request was refused on this connection. */
  refused = new Set();
  /** Every request the client has sent, with the time in milliseconds. */
  frames = [];
  /** What the client did that no client may do. */
  complaints = [];
  #inbox = [];
  #loading = [];
  #outbox = [];
  #lastId = 0;
  /** Resources whose subscriptions were ended here, so that an unsubscribe request may cross that. */
  #revoked = new Set();

  /** `answers` are what methods answer with, by the number of the step that calls them. */
  constructor(service, answers, protocol) {
    this.service = service;
    this.protocol = protocol;
    this.answers = answers;
  }

  /** For the constructor of a client. */
  factory = () => {
    this.socket = new Socket(this);
    return this.socket;
  };

  get isLegacy() {
    return this.protocol < '1.2.0';
  }

  get isIdle() {
    return this.#inbox.length + this.#loading.length + this.#outbox.length === 0;
  }

  // The network.

  receive(socket, text) {
    const { id, ...request } = JSON.parse(text);
    this.frames.push({ at: performance.now(), ...request });
    if (id <= this.#lastId) this.complaints.push(`the request ID ${id} was used before`);
    this.#lastId = id;
    this.#inbox.push({ id, ...request });
  }

  /** The connection is gone, and everything that belongs to it. */
  forget(socket) {
    if (socket !== this.socket) return;
    this.socket = null;
    this.#lastId = 0;
    for (const part of [this.direct, this.held, this.refused, this.#revoked]) part.clear();
    for (const queue of [this.#inbox, this.#loading, this.#outbox]) queue.length = 0;
  }

  /** A socket that is being opened opens, if connections come about. */
  open() {
    const opens = this.isUp && this.socket?.readyState === 0;
    if (opens) this.socket.open();
    return opens;
  }

  /** The connection is lost, or refused if it has not come about. */
  lose() {
    const { socket } = this;
    if (socket) this.forget(socket);
    socket?.lose();
  }

  /** Takes one frame in; false when there is none. */
  accept() {
    const request = this.#inbox.shift();
    if (!request) return false;
    const [action] = request.method.split('.', 1);
    request.action = action;
    request.rid = request.method.slice(action.length + 1);
    if (action === 'version') this.#send({ id: request.id, result: { protocol: this.protocol } });
    else if (action === 'unsubscribe') this.#unsubscribe(request);
    else this.#loading.push(request);
    return true;
  }

  /** Answers one of the requests that wait for a service. */
  complete(which = 0) {
    if (this.#loading.length === 0) return false;
    const [request] = this.#loading.splice(which % this.#loading.length, 1);
    if (request.action === 'subscribe') this.#subscribe(request);
    else this.#call(request);
    return true;
  }

  /** Hands one frame over to the client. */
  handOver() {
    const frame = this.#outbox.shift();
    if (frame === undefined) return false;
    this.socket.onmessage?.({ data: frame });
    return true;
  }

  // The service.

  mutate(rid, mutation) {
    const event = this.service.mutate(rid, mutation);
    const held = this.held.get(rid);
    if (!event || !held || held.deleted || held.content.missing) return;
    if (mutation.kind === 'delete') held.deleted = true;
    else held.content = structuredClone(this.service.get(rid));
    const added = references({
      collection: mutation.value === undefined ? Object.values(mutation.values ?? {}) : [mutation.value],
    });
    this.#event(rid, event.event, event.data && { ...event.data, ...this.#settle(added) });
    if (mutation.kind === 'delete') this.#end(rid, { code: 'system.deleted', message: 'Deleted' });
  }

  /** The steps of the service. */
  steps = {
    change: (step) => this.mutate(step.rid, step),
    add: (step) => this.mutate(step.rid, step),
    remove: (step) => this.mutate(step.rid, step),
    custom: (step) => this.mutate(step.rid, step),
    delete: (step) => this.mutate(step.rid, step),

    /** An item of a collection goes to another place, which takes two events. */
    move: ({ rid, from, to }) => {
      const { collection } = this.service.get(rid);
      if (!collection?.length) return;
      const value = collection[from % collection.length];
      this.mutate(rid, { kind: 'remove', idx: from });
      this.mutate(rid, { kind: 'add', idx: to, value });
    },

    /** A resource is made anew, of another kind perhaps, unless the client would have to be told. */
    remake: ({ rid, resource }) => {
      const held = this.held.get(rid);
      if (!held || held.deleted || held.content.missing) this.service.resources.set(rid, structuredClone(resource));
    },

    revoke: ({ rid }) => {
      this.service.denied.add(rid);
      this.#end(rid, { code: 'system.accessDenied', message: 'Access denied' });
    },

    grant: ({ rid }) => {
      this.service.denied.delete(rid);
    },
  };

  // The requests.

  #subscribe({ id, rid, params }) {
    if (params !== undefined) this.complaints.push(`subscribe.${rid} has parameters`);
    const error = this.service.refusal(rid);
    if (error) {
      this.refused.add(rid);
      this.#send({ id, error });
    } else {
      this.#send({ id, result: this.#take(rid) });
    }
  }

  /** The script says what a method answers; its number is in the method's name or among the parameters. */
  #call({ id, action, rid, params }) {
    const method = rid.slice(rid.lastIndexOf('.') + 1);
    if (method === 'set') {
      this.mutate(rid.slice(0, -'.set'.length), { kind: 'change', values: params });
      this.#send({ id, result: this.#payload(null) });
      return;
    }
    if (method === 'hook') return this.#send({ id, result: this.#payload(null) });
    const answer = this.answers.get(action === 'new' ? params.step : Number(method.slice(1)));
    const { payload, resource } = answer;
    const error = answer.error ?? (resource && !answer.evenMissing && this.service.refusal(resource));
    if (error) this.#send({ id, error });
    else if (!resource) this.#send({ id, result: this.#payload(payload) });
    else if (this.isLegacy && action !== 'new') this.#send({ id, result: { rid: resource } });
    else if (this.service.denied.has(resource)) {
      // The call succeeded, even if the caller may not see what came of it.
      this.#revoked.add(resource);
      this.#send({ id, result: { rid: resource, errors: { [resource]: this.service.refusal(resource) } } });
    } else {
      this.#send({ id, result: { rid: resource, ...this.#take(resource) } });
    }
  }

  /** A result as the protocol has it that the gateway speaks. */
  #payload(payload) {
    return this.isLegacy ? payload : { payload };
  }

  #unsubscribe({ id, rid, params }) {
    const count = params?.count ?? 1;
    const direct = this.direct.get(rid) ?? 0;
    if (direct < count) {
      if (!this.#revoked.has(rid)) this.complaints.push(`${rid} was unsubscribed ${count} times of ${direct}`);
      this.#send({ id, error: { code: 'system.noSubscription', message: 'No subscription' } });
      return;
    }
    if (direct === count) this.direct.delete(rid);
    else this.direct.set(rid, direct - count);
    this.#settle();
    this.#send({ id });
  }

  #take(rid) {
    this.direct.set(rid, (this.direct.get(rid) ?? 0) + 1);
    this.refused.delete(rid);
    const held = this.held.get(rid);
    // A deleted resource stays what it was, unless there is something new to send. Errors are sent whenever asked for.
    if (held?.content.missing || (held?.deleted && !this.service.get(rid).missing)) this.held.delete(rid);
    return this.#settle();
  }

  /** Ends the direct subscriptions of a resource without being asked. */
  #end(rid, reason) {
    if (!this.direct.delete(rid)) return;
    this.#revoked.add(rid);
    this.#settle();
    this.#event(rid, 'unsubscribe', { reason });
  }

  /** Finds what the client holds from now on; the result is the set of what it has to be sent for that. */
  #settle(added = []) {
    // In the order of Resgate; what stays undefined is not sent.
    const set = { models: undefined, collections: undefined, errors: undefined };
    const reached = new Set(this.direct.keys());
    const errors = new Set(added);
    for (const rid of reached) {
      if (!this.held.has(rid)) {
        const content = structuredClone(this.service.get(rid));
        this.held.set(rid, { content, deleted: false });
        if (content.model) (set.models ??= {})[rid] = content.model;
        else if (content.collection) (set.collections ??= {})[rid] = content.collection;
        else errors.add(rid);
        for (const other of references(content)) errors.add(other);
      }
      for (const other of references(this.held.get(rid).content)) reached.add(other);
    }
    for (const rid of [...this.held.keys()]) if (!reached.has(rid)) this.held.delete(rid);
    // Errors are sent again whenever they are referred to anew.
    for (const rid of errors) if (this.held.get(rid)?.content.missing) (set.errors ??= {})[rid] = NOT_FOUND;
    return set;
  }

  #event(rid, event, data) {
    this.#send({ event: `${rid}.${event}`, data });
  }

  #send(frame) {
    this.#outbox.push(JSON.stringify(frame));
  }
}
