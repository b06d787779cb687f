import { connect } from 'nats';
import { emit, reset, serve } from '../serve.mjs';

const EVERY = 250;
const POINTS = 120;

const nats = await connect({ servers: process.env.NATS_URL ?? 'nats://127.0.0.1:4222', maxReconnectAttempts: -1 });

let price = 100;

const history = Array.from({ length: POINTS }, (_, n) => point(Date.now() - (POINTS - n) * EVERY, step()));
const main = { symbol: 'RES', price, at: Date.now() };

serve(nats, 'access.ticker.*', () => ({ result: { get: true } }));

serve(nats, 'get.ticker.main', () => ({ result: { model: main } }));
serve(nats, 'get.ticker.history', () => ({ result: { collection: history } }));

setInterval(() => {
  const now = { price: step(), at: Date.now() };
  Object.assign(main, now);
  emit(nats, 'ticker.main', 'change', { values: now });

  const latest = point(now.at, now.price);
  history.push(latest);
  emit(nats, 'ticker.history', 'add', { idx: POINTS, value: latest });
  history.shift();
  emit(nats, 'ticker.history', 'remove', { idx: 0 });
}, EVERY);

reset(nats, 'ticker.>');

/** A random walk that is drawn back to 100. */
function step() {
  price += 2 * (Math.random() - 0.5) + (100 - price) * 0.02;
  price = Math.round(price * 100) / 100;
  return price;
}

/** A time and a value. An object that is no reference is wrapped as data. */
function point(t, v) {
  return { data: { t, v } };
}
