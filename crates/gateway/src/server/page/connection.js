// The RES protocol over one WebSocket: requests with their answers, events, and a new connection when one is lost.

import { parse } from './value.js';

const PROTOCOL = '1.2.3';
const DELAY = 250;
const LONGEST_DELAY = 4_000;

export class Connection {
  #url;
  #frameBytes;
  #told;
  #socket;
  #pending = new Map();
  #lastId = 0;
  #attempts = 0;
  #timer;

  /**
   * `frameBytes` is how much the gateway takes at once. `told.state(state, why)` is told of `connecting`, `connected` and
   * `lost`, and then why if the gateway has said so; `told.event(rid, name, data)` of events. Once connected nothing is
   * subscribed to.
   */
  constructor(url, frameBytes, told) {
    this.#url = url;
    this.#frameBytes = frameBytes;
    this.#told = told;
    // Whoever comes back to the page does not wait for the next attempt.
    for (const [target, event] of [
      [window, 'online'],
      [document, 'visibilitychange'],
    ]) {
      target.addEventListener(event, () => !document.hidden && !this.#socket && this.connect());
    }
  }

  connect() {
    clearTimeout(this.#timer);
    if (!this.#attempts) this.#told.state('connecting');
    this.#attempts += 1;
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => this.#greet();
    socket.onmessage = ({ data }) => this.#receive(parse(data));
    socket.onclose = (event) => this.#lose(event);
  }

  /** Resolves to the result; rejects with `{ code, message, data }`. Parameters that are `undefined` are none. */
  request(method, params) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return Promise.reject(NOT_CONNECTED);
    const id = (this.#lastId += 1);
    const text = JSON.stringify({ id, method, params });
    const bytes = new TextEncoder().encode(text).length;
    // How long it is once it is compressed nobody knows before.
    if (bytes > this.#frameBytes && !this.#socket.extensions) return Promise.reject(tooLarge(bytes, this.#frameBytes));
    this.#socket.send(text);
    return new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
  }

  async #greet() {
    try {
      await this.request('version', { protocol: PROTOCOL });
      this.#attempts = 0;
      this.#told.state('connected');
    } catch {
      this.#socket?.close();
    }
  }

  #receive({ id, result, error, event, data }) {
    if (event !== undefined) {
      // A query may have dots, the name of an event has none.
      const dot = event.lastIndexOf('.');
      this.#told.event(event.slice(0, dot), event.slice(dot + 1), data);
      return;
    }
    const asked = this.#pending.get(id);
    this.#pending.delete(id);
    if (error) asked?.reject(error);
    else asked?.resolve(result);
  }

  #lose({ code, reason }) {
    this.#socket = undefined;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    const why = reason && `The gateway has closed the connection: ${reason} (${code}).`;
    for (const { reject } of pending) reject(why ? { ...NOT_CONNECTED, message: why } : NOT_CONNECTED);
    this.#told.state('lost', why);
    const delay = Math.min(DELAY * 2 ** Math.max(this.#attempts - 1, 0), LONGEST_DELAY);
    // Pages that lost their connections together do not come back together.
    this.#timer = setTimeout(() => this.connect(), delay * (0.5 + Math.random() / 2));
  }
}

const NOT_CONNECTED = { code: 'connection', message: 'There is no connection to the gateway.' };

function tooLarge(bytes, most) {
  const [are, may] = [bytes, most].map((count) => count.toLocaleString('en'));
  const message = `This is too large: it takes a message of ${are} bytes, and the gateway takes ${may} at most.`;
  return { code: 'tooLarge', message };
}
