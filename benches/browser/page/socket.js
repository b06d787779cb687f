/**
 * The gateway's end of a socket that exists only in the page: what a client sends is kept until the workload answers it,
 * and a frame is delivered by calling `onmessage`, so nothing but the client is measured.
 */
export class Gateway {
  /** The socket the client made last. */
  socket = null;
  #requests = [];
  #waiting = [];

  /** What a client is given in place of an address. */
  factory = () => {
    const socket = new PageSocket((text) => this.#receive(socket, JSON.parse(text)));
    this.socket = socket;
    setTimeout(() => socket.open());
    return socket;
  };

  /** The next request of this method; it may have been made already. */
  request(method) {
    const at = this.#requests.findIndex((request) => request.method === method);
    if (at >= 0) return Promise.resolve(this.#requests.splice(at, 1)[0]);
    return new Promise((resolve) => this.#waiting.push({ method, resolve }));
  }

  deliver(frame) {
    this.socket.onmessage({ data: frame });
  }

  /** The connection is lost. */
  drop() {
    this.socket.drop();
  }

  #receive(socket, request) {
    if (socket !== this.socket) return;
    if (request.method === 'version') {
      this.deliver(answer(request, { protocol: '1.2.3' }));
      return;
    }
    const at = this.#waiting.findIndex(({ method }) => method === request.method);
    if (at < 0) this.#requests.push(request);
    else this.#waiting.splice(at, 1)[0].resolve(request);
  }
}

/** A success response, spelled as the gateway does. */
export const answer = (request, result) => JSON.stringify({ result, id: request.id });

class PageSocket {
  onopen = null;
  onmessage = null;
  onerror = null;
  onclose = null;
  readyState = 0;
  binaryType = 'blob';
  #receive;

  constructor(receive) {
    this.#receive = receive;
  }

  open() {
    if (this.readyState !== 0) return;
    this.readyState = 1;
    this.onopen?.({ type: 'open' });
  }

  send(text) {
    this.#receive(text);
  }

  close() {
    this.readyState = 3;
  }

  drop() {
    this.readyState = 3;
    this.onclose?.({ type: 'close', code: 1006, reason: '', wasClean: false });
  }
}
