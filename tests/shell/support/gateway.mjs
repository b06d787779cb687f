/**
 * A gateway in the process: it answers the requests of RES-Client protocol that the tests need, over sockets that are
 * plain objects. Its resources are what a service would answer: `{model}`, `{collection}` or `{error}` by resource ID.
 */
export class Gateway {
  resources = new Map();
  /** Answers by method, instead of the usual ones: a function of the params, or null for none at all. */
  answers = new Map();
  sockets = [];
  requests = [];
  protocol = '1.2.3';
  #waiting = [];

  constructor(resources = {}) {
    for (const [rid, resource] of Object.entries(resources)) this.resources.set(rid, resource);
  }

  /** For the constructor of a client. */
  factory = () => {
    const socket = new Socket(this);
    this.sockets.push(socket);
    return socket;
  };

  get socket() {
    return this.sockets.at(-1);
  }

  /** Resolves with the next request whose method begins so. */
  request(method) {
    return new Promise((resolve) => this.#waiting.push({ method, resolve }));
  }

  /** How many requests had this method. */
  count(method) {
    return this.requests.filter((request) => request.method === method).length;
  }

  /** What it answers to a request unless told otherwise, with all that comes of it. */
  usual(socket, method) {
    return this.#usual(socket, method);
  }

  event(rid, event, data) {
    this.socket.deliver({ event: `${rid}.${event}`, data });
  }

  handle(socket, request) {
    this.requests.push(request);
    for (const waiting of [...this.#waiting]) {
      if (!request.method.startsWith(waiting.method)) continue;
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.resolve(request);
    }
    const answer = this.answers.get(request.method);
    if (answer === null) return;
    const reply = answer ? answer(request.params) : this.#usual(socket, request.method);
    socket.deliver({ id: request.id, ...reply });
  }

  #usual(socket, method) {
    if (method === 'version') return { result: { protocol: this.protocol } };
    const [action] = method.split('.', 1);
    const rid = method.slice(action.length + 1);
    if (action === 'unsubscribe') {
      socket.direct.delete(rid);
      return { result: null };
    }
    if (action !== 'subscribe' && action !== 'get') return { result: { payload: null } };
    const resource = this.resources.get(rid);
    if (!resource) return { error: { code: 'system.notFound', message: 'Not found' } };
    if (resource.error) return { error: resource.error };
    const known = this.#reachable(socket.direct);
    if (action === 'subscribe') socket.direct.add(rid);
    const added = [...this.#reachable([rid])].filter((id) => !known.has(id) || socket.failed.has(id));
    for (const id of added) {
      if (this.resources.get(id)?.error) socket.failed.add(id);
      else socket.failed.delete(id);
    }
    return { result: this.set(added) };
  }

  /** The resource set with these resources. */
  set(rids) {
    const set = {};
    for (const rid of rids) {
      const [[kind, value]] = Object.entries(this.resources.get(rid));
      Object.defineProperty((set[`${kind}s`] ??= {}), rid, { value, enumerable: true });
    }
    return set;
  }

  #reachable(rids) {
    const found = new Set(rids);
    for (const rid of found) {
      const { model, collection } = this.resources.get(rid) ?? {};
      for (const value of Object.values(model ?? collection ?? {})) {
        if (typeof value?.rid === 'string' && !value.soft) found.add(value.rid);
      }
    }
    return found;
  }
}

class Socket {
  direct = new Set();
  /** What was sent as an error. */
  failed = new Set();
  isClosed = false;
  #gateway;

  constructor(gateway) {
    this.#gateway = gateway;
    queueMicrotask(() => this.onopen?.({ type: 'open' }));
  }

  send(text) {
    if (this.isClosed) throw new Error('The socket is closed');
    const request = JSON.parse(text);
    queueMicrotask(() => this.isClosed || this.#gateway.handle(this, request));
  }

  deliver(message) {
    this.onmessage?.({ data: typeof message === 'string' ? message : JSON.stringify(message) });
  }

  /** The client closes it. */
  close() {
    this.isClosed = true;
  }

  /** The connection is lost. */
  lose(code = 1006) {
    this.isClosed = true;
    this.onclose?.({ type: 'close', code });
  }

  /** The connection fails to come about. */
  fail() {
    this.isClosed = true;
    this.onerror?.({ type: 'error' });
    this.onclose?.({ type: 'close', code: 1006 });
  }
}
