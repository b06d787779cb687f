/** One end of a connection that never leaves the process, with the states and events of a browser's WebSocket. */
export class Socket {
  readyState = CONNECTING;
  onopen = null;
  onmessage = null;
  onerror = null;
  onclose = null;
  #gateway;

  constructor(gateway) {
    this.#gateway = gateway;
  }

  open() {
    this.readyState = OPEN;
    this.onopen?.({ type: 'open' });
  }

  send(text) {
    if (this.readyState === CONNECTING) throw new Error('The socket is not open yet');
    if (this.readyState === OPEN) this.#gateway.receive(this, text);
  }

  /** The client closes it, and hears of that later. */
  close() {
    if (this.readyState === CLOSED) return;
    const early = this.readyState === CONNECTING;
    this.readyState = CLOSED;
    this.#gateway.forget(this);
    setTimeout(() => {
      if (early) this.onerror?.({ type: 'error' });
      this.onclose?.({ type: 'close', code: early ? 1006 : 1000 });
    }, 0);
  }

  /** The connection is lost, or does not come about. */
  lose() {
    const early = this.readyState === CONNECTING;
    this.readyState = CLOSED;
    if (early) this.onerror?.({ type: 'error' });
    this.onclose?.({ type: 'close', code: 1006 });
  }
}

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 3;
