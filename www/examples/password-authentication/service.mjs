import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { connect } from 'nats';
import { ResError, emit, reset, serve, setToken } from '../serve.mjs';

const hash = promisify(scrypt);

const nats = await connect({ servers: process.env.NATS_URL ?? 'nats://127.0.0.1:4222', maxReconnectAttempts: -1 });

// Of a password nothing is kept that it could be read from. A real service has these two in a database.
const salt = randomBytes(16);
const kept = await hash(process.env.PASSWORD ?? 'secret', salt, 32);

serve(nats, 'auth.passwd.login', async ({ cid, params }) => {
  const given = await hash(String(params?.password), salt, 32);
  if (!timingSafeEqual(given, kept)) throw new ResError('passwd.wrong', 'Wrong password');
  // The token stays with the gateway, which sends it along with every request of this client; the client never sees it.
  setToken(nats, cid, { role: 'reader' });
  return { result: null };
});

serve(nats, 'auth.passwd.logout', ({ cid }) => {
  // The gateway asks anew for access to all that the client has, and takes away what it may not see any more.
  setToken(nats, cid, null);
  return { result: null };
});

const ticker = { seconds: 0 };

serve(nats, 'access.ticker.model', ({ token }) => ({ result: { get: token?.role === 'reader' } }));

serve(nats, 'get.ticker.model', () => ({ result: { model: ticker } }));

setInterval(() => {
  ticker.seconds += 1;
  emit(nats, 'ticker.model', 'change', { values: { seconds: ticker.seconds } });
}, 1000);

reset(nats, 'ticker.>');
