import { after, afterEach, before } from 'node:test';
import WebSocket from 'ws';
import { gateway as built } from '../../../scripts/lib/places.mjs';
import ResClient from '../../../pkg/index.js';
import { Gateway } from './gateway.mjs';
import { NatsServer } from './nats-server.mjs';
import { Service } from './service.mjs';

/**
 * What the tests of a file share: a NATS server and a gateway in front of it, started with the flags given. Services and
 * clients are each test's own, and end with it.
 */
export function stage(...flags) {
  const nats = new NatsServer();
  const binary = process.env.RES_GATEWAY || built;
  const gateway = new Gateway((port) => [binary, ['--nats', nats.url, '--port', port, ...flags]]);
  // The one that clients talk to.
  let front = gateway;
  let opened = [];
  const keep = (thing, end) => {
    opened.push(() => end(thing));
    return thing;
  };

  before(async () => {
    await nats.start();
    await gateway.start();
  });
  after(async () => {
    await gateway.stop();
    await nats.stop();
  });
  afterEach(async () => {
    const closing = opened;
    opened = [];
    for (const end of closing.reverse()) await end();
    front = gateway;
  });

  return {
    nats,
    gateway,
    /**
     * A running service, by its command line: those of `support/languages.mjs`. One without NATS is a gateway by itself, and clients
     * talk to that one.
     */
    async service(command, { env } = {}) {
      const [program, ...args] = command;
      const own = (port) => [program, args, { ...env, PORT: port, NATS_URL: undefined }];
      const made = command.withoutNats ? new Gateway(own) : new Service(nats, command, { env });
      const service = keep(made, (service) => service.kill());
      if (command.withoutNats) front = service;
      await service.start();
      return service;
    },
    /** A client over a WebSocket, which comes back quickly. `headers` are those of the request that opens it. */
    client({ headers, ...options } = {}) {
      const connect = () => new WebSocket(front.webSocket, { headers });
      const client = new ResClient(connect, { reconnectDelay: 20, reconnectDelayMax: 100, ...options });
      return keep(client, (client) => client.disconnect());
    },
    /** Follows a resource, as a page does: `told` counts how often it was told of it, `error` is what kept it away. */
    follow(client, rid) {
      const followed = { told: 0, error: undefined };
      const heard = () => (followed.told += 1);
      const failed = (error) => (followed.error = error);
      keep(client.subscribe(rid, heard, failed), (leave) => leave());
      return followed;
    },
    /** An HTTP request for a resource or, with a body, of a method; gives `{ status, body, headers }`. */
    async http(path, { body, ...options } = {}) {
      const method = body === undefined ? 'GET' : 'POST';
      const text = body === undefined || body === null ? undefined : JSON.stringify(body);
      const response = await fetch(`${front.address}api/${path}`, { method, body: text, ...options });
      const answer = await response.text();
      return { status: response.status, headers: response.headers, body: answer ? JSON.parse(answer) : undefined };
    },
  };
}
