import { randomBytes, randomUUID } from 'node:crypto';
import { SignJWT, jwtVerify } from 'jose';
import { connect } from 'nats';
import { ResError, emit, invalidParams, reset, serve, setToken } from '../serve.mjs';

const COOKIE = 'access-token';
const SECONDS = Number(process.env.TOKEN_SECONDS ?? 600);

// Without a secret of its own, a restart of the service makes all cookies worthless.
const secret = process.env.JWT_SECRET ? Buffer.from(process.env.JWT_SECRET) : randomBytes(32);

// User names, which are also the passwords here, and what they may do.
const roles = new Map([
  ['reader', 'reader'],
  ['editor', 'editor'],
]);

const nats = await connect({ servers: process.env.NATS_URL ?? 'nats://127.0.0.1:4222', maxReconnectAttempts: -1 });
const note = { message: 'For members only' };
const revoked = new Set();
const expiring = new Set();

// Methods for HTTP, where an answer can set a cookie: POST /api/auth/login and so on. Scripts of the page cannot read it.
serve(nats, 'access.auth', () => ({ result: { get: false, call: 'login,renew,logout' } }));

serve(nats, 'call.auth.login', async ({ params, isHttp }) => {
  if (!isHttp) throw new ResError('auth.httpOnly', 'Log in by HTTP: nothing else can set a cookie');
  const role = roles.get(params?.name);
  if (!role || params.password !== params.name) throw new ResError('auth.wrong', 'Wrong name or password');
  return cookie(await sign({ sub: params.name, role, jti: randomUUID() }));
});

serve(nats, 'call.auth.renew', async ({ token }) => {
  if (!isValid(token)) throw new ResError('system.accessDenied', 'Log in first');
  return cookie(await sign({ sub: token.sub, role: token.role, jti: token.jti }));
});

serve(nats, 'call.auth.logout', ({ token }) => {
  if (token) {
    revoked.add(token.jti);
    look(token.jti);
  }
  return cookie('', 0);
});

// The gateway asks this before HTTP requests (--headauth auth.jwt) and before a WebSocket is opened (--wsheadauth auth.jwt).
serve(nats, 'auth.auth.jwt', async ({ cid, header }) => {
  const token = await verify(header);
  setToken(nats, cid, token, token?.jti);
  if (!token) throw new ResError('auth.noToken', 'There is no valid token');
  return { result: null };
});

serve(nats, 'access.members.note', ({ token }) => {
  if (!isValid(token)) return { result: { get: false } };
  lookWhenExpired(token);
  return { result: { get: true, call: token.role === 'editor' ? 'set' : '' } };
});

serve(nats, 'get.members.note', () => ({ result: { model: note } }));

serve(nats, 'call.members.note.set', ({ params }) => {
  const message = params?.message;
  if (typeof message !== 'string') throw invalidParams('message must be a text');
  note.message = message;
  emit(nats, 'members.note', 'change', { values: { message } });
  return { result: null };
});

reset(nats, 'members.>', 'auth');

function sign(claims) {
  const expires = Math.floor(Date.now() / 1000) + SECONDS;
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).setExpirationTime(expires).sign(secret);
}

/** What the cookie says, or null if there is none that holds. */
async function verify(header) {
  const cookies = header?.Cookie?.join('; ') ?? '';
  const text = new RegExp(`(?:^|; )${COOKIE}=([^;]*)`).exec(cookies)?.[1];
  if (!text) return null;
  // The algorithm is named here: a token must not choose how it is verified.
  const verified = await jwtVerify(text, secret, { algorithms: ['HS256'] }).catch(() => null);
  return verified && isValid(verified.payload) ? verified.payload : null;
}

function isValid(token) {
  return token != null && token.exp * 1000 > Date.now() && !revoked.has(token.jti);
}

function cookie(value, seconds = SECONDS) {
  // Add Secure where the site is served by https, as it should be.
  const text = `${COOKIE}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict`;
  return { result: null, meta: { header: { 'Set-Cookie': [text] } } };
}

/** Has the gateway ask `auth.auth.jwt` again for every connection that has this token. */
function look(jti) {
  nats.publish('system.tokenReset', JSON.stringify({ tids: [jti], subject: 'auth.auth.jwt' }));
}

/** Once for each token and time, however many resources are asked for by it. */
function lookWhenExpired({ jti, exp }) {
  const key = `${jti} ${exp}`;
  if (expiring.has(key)) return;
  expiring.add(key);
  const expired = () => {
    expiring.delete(key);
    look(jti);
  };
  setTimeout(expired, exp * 1000 - Date.now() + 1);
}
