import { createServer, request } from 'node:http';

/** A server in front of the gateway, which adds a policy to what is answered over HTTP, as those that are put there do. */
export class Front {
  #server;

  constructor(gateway, policy) {
    const forward = ({ method, url, headers }) => request(new URL(url, gateway.address), { method, headers });
    this.#server = createServer((incoming, answer) => {
      const outgoing = forward(incoming);
      outgoing.on('response', (response) => {
        answer.writeHead(response.statusCode, { ...response.headers, 'content-security-policy': policy });
        response.pipe(answer);
      });
      outgoing.on('error', () => answer.destroy());
      incoming.pipe(outgoing);
    });
    this.#server.on('upgrade', (incoming, page) => {
      const outgoing = forward(incoming);
      outgoing.on('upgrade', ({ rawHeaders }, socket) => {
        const fields = rawHeaders.map((text, at) => (at % 2 ? `${text}\r\n` : `${text}: `));
        page.write(`HTTP/1.1 101 Switching Protocols\r\n${fields.join('')}\r\n`);
        socket.pipe(page).pipe(socket);
        for (const [end, other] of [
          [page, socket],
          [socket, page],
        ]) {
          end.on('error', () => other.destroy());
          end.on('close', () => other.destroy());
        }
      });
      outgoing.on('error', () => page.destroy());
      outgoing.end();
    });
  }

  async start() {
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get address() {
    return `http://127.0.0.1:${this.#server.address().port}/`;
  }

  async stop() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
