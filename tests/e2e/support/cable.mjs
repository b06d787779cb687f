import { connect, createServer } from 'node:net';

/** A way to the gateway that breaks, as a network does: what goes through it is what goes through a TCP connection. */
export class Cable {
  /** Connections that were made through it. */
  made = 0;
  /** After how many bytes to the page a new connection is reset; gives Infinity for never. */
  length = () => Infinity;
  #server = createServer((socket) => this.#join(socket));
  #gateway;
  #isDown = false;
  #open = new Set();

  constructor(gateway) {
    this.#gateway = gateway;
  }

  async start() {
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get address() {
    return `http://127.0.0.1:${this.#server.address().port}/`;
  }

  /** Resets every connection there is. */
  cut() {
    for (const end of this.#open) end();
  }

  /** Resets every connection, and every new one at once, until it is mended. */
  break() {
    this.#isDown = true;
    this.cut();
  }

  mend() {
    this.#isDown = false;
  }

  async stop() {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(page) {
    this.made += 1;
    if (this.#isDown) return page.resetAndDestroy();
    const gateway = connect(Number(new URL(this.#gateway.address).port), '127.0.0.1');
    const end = () => {
      this.#open.delete(end);
      page.resetAndDestroy();
      gateway.resetAndDestroy();
    };
    this.#open.add(end);
    let left = this.length();
    page.pipe(gateway);
    gateway.on('data', (bytes) => {
      // What was still sent arrives, in pieces that need not be whole frames.
      page.write(bytes.subarray(0, left));
      left -= bytes.length;
      if (left <= 0) end();
    });
    for (const socket of [page, gateway]) {
      socket.setNoDelay();
      socket.on('error', end);
      socket.on('close', end);
    }
  }
}
