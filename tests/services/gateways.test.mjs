import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { connect } from 'nats';
import WebSocket from 'ws';
import { gateway as built } from '../../scripts/lib/places.mjs';
import ResClient from '../../pkg/index.js';
import { Gateway } from './support/gateway.mjs';
import { NatsServer } from './support/nats-server.mjs';
import { until } from './support/until.mjs';

// Three gateways on one NATS, which share nothing else.

const nats = new NatsServer();
const binary = process.env.RES_GATEWAY || built;
const gateways = Array.from({ length: 3 }, () => new Gateway((port) => [binary, ['--nats', nats.url, '--port', port]]));
let stock;
let clients = [];

before(async () => {
  await nats.start();
  await Promise.all(gateways.map((gateway) => gateway.start()));
  stock = await Stock.start(nats.url);
});

afterEach(() => {
  clients.forEach((client) => client.disconnect());
  clients = [];
});

after(async () => {
  await stock.stop();
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await nats.stop();
});

test('clients of each of them have what the service has, and were told each change once', async () => {
  const views = await Promise.all([0, 0, 1, 1, 2, 2].map((at) => View.open(client(at))));
  for (let i = 0; i < 300; i++) stock.change(i);
  await until(() => views.every((view) => view.events.length >= 300 && view.shows(stock)));
  const [first, ...others] = views.map((view) => view.events);
  assert.equal(first.length, 300);
  for (const events of others) assert.deepEqual(events, first);
});

test('what one client asks to be changed is seen by those of the other gateways before it is answered to it, or right after', async () => {
  const [one, other] = await Promise.all([View.open(client(0)), View.open(client(2))]);
  await one.model.set({ note: 'from another gateway' });
  await until(() => other.model.note === 'from another gateway');
  assert.equal(one.model.note, 'from another gateway');
});

test('clients of one that is killed go on with another, and have what changed meanwhile', async () => {
  const [moved, stayed] = await Promise.all([View.open(client(0)), View.open(client(1))]);
  await gateways[0].kill();
  for (let i = 0; i < 50; i++) stock.change(i);
  await until(() => moved.shows(stock) && stayed.shows(stock));
  // It is no copy of what was: what changes now is seen too.
  stock.change(1000);
  await until(() => moved.shows(stock) && stayed.shows(stock));
  await gateways[0].start();
});

test('one that is started while the others run has what they have', async () => {
  await gateways[2].stop();
  for (let i = 0; i < 20; i++) stock.change(i);
  await gateways[2].start();
  const [old, fresh] = await Promise.all([View.open(client(1)), View.open(client(2))]);
  await until(() => old.shows(stock) && fresh.shows(stock));
});

/** A client that begins with one of the gateways, and takes the next when it cannot go on there. */
function client(at) {
  let next = at;
  const open = () => new WebSocket(gateways[next++ % gateways.length].webSocket);
  const made = new ResClient(open, { reconnectDelay: 20, reconnectDelayMax: 100 });
  clients.push(made);
  return made;
}

/** What a page shows: a model and a list with references, and every event there was. */
class View {
  events = [];

  static async open(client) {
    const view = new View();
    view.model = await client.get('stock.state');
    view.list = await client.get('stock.list');
    view.model.on('change', (old) => view.events.push(['change', Object.keys(old).sort()]));
    view.list.on('add', ({ idx }) => view.events.push(['add', idx]));
    view.list.on('remove', ({ idx }) => view.events.push(['remove', idx]));
    return view;
  }

  shows({ state, list }) {
    const items = [...this.list].map((item) => item.n);
    assert.deepEqual({ ...this.model.props }, state);
    assert.deepEqual(items, list);
    return true;
  }
}

/** A service whose state is known here: a model, and a list of references to models. */
class Stock {
  state = { count: 0, note: '' };
  list = [];
  #nats;

  static async start(servers) {
    const stock = new Stock();
    stock.#nats = await connect({ servers });
    stock.#on('access.stock.>', () => ({ get: true, call: '*' }));
    stock.#on('get.stock.state', () => ({ model: stock.state }));
    stock.#on('get.stock.list', () => ({ collection: stock.list.map((n) => ({ rid: `stock.item.${n}` })) }));
    stock.#on('get.stock.item.*', ({ subject }) => ({ model: { n: Number(subject.split('.').at(-1)) } }));
    stock.#on('call.stock.state.set', (message) => {
      stock.#set(message.json().params);
      return null;
    });
    await stock.#nats.flush();
    return stock;
  }

  stop() {
    return this.#nats.close();
  }

  /** Something happens: which, goes by the number. */
  change(i) {
    const { list } = this;
    if (i % 3 === 0) return this.#set({ count: this.state.count + 1 });
    if (i % 3 === 1 || list.length === 0) {
      const idx = (i * 7) % (list.length + 1);
      list.splice(idx, 0, i);
      return this.#emit('stock.list.add', { idx, value: { rid: `stock.item.${i}` } });
    }
    const idx = (i * 5) % list.length;
    list.splice(idx, 1);
    return this.#emit('stock.list.remove', { idx });
  }

  #set(values) {
    Object.assign(this.state, values);
    this.#emit('stock.state.change', { values });
  }

  #emit(event, data) {
    this.#nats.publish(`event.${event}`, JSON.stringify(data));
  }

  #on(subject, answer) {
    const callback = (error, message) => {
      if (error) throw error;
      message.respond(JSON.stringify({ result: answer(message) }));
    };
    this.#nats.subscribe(subject, { callback });
  }
}
