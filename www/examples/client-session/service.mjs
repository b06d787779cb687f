import { randomBytes } from 'node:crypto';
import { connect } from 'nats';
import { ResError, emit, reset, serve, setToken } from '../serve.mjs';

// How long a session lives after its last key was given out; the client page asks for a new one every half of it.
const SECONDS = Number(process.env.SESSION_SECONDS ?? 120);

const NOBODY = { name: null, role: null };

// User names, which are also the passwords here.
const users = new Map([
  ['admin', { name: 'Administrator', role: 'admin' }],
  ['jane', { name: 'Jane Doe', role: 'user' }],
]);

const nats = await connect({ servers: process.env.NATS_URL ?? 'nats://127.0.0.1:4222', maxReconnectAttempts: -1 });

// A real service keeps these in a database, so that a restart of it ends no session.
const byKey = new Map();
const byConnection = new Map();

/** A user who is logged in, on one connection after the other. */
class Session {
  #key;
  #before;
  #end;

  constructor(user) {
    this.user = user;
    this.id = random();
  }

  /** Makes this the connection of the session, and gives the key by which the next one may take it over. */
  attach(cid) {
    if (this.cid !== cid) this.#detach();
    this.cid = cid;
    byConnection.set(cid, this);
    setToken(nats, cid, { session: this.id, role: this.user.role });
    emit(nats, `session.user.${cid}`, 'change', { values: this.user });

    clearTimeout(this.#end);
    this.#end = setTimeout(() => this.end(), SECONDS * 1000);
    this.#key = random();
    byKey.set(this.#key, this);
    return { key: this.#key, seconds: SECONDS };
  }

  /**
   * Whether a key may be used. Each is used once; but one whose successor has not been used is taken again, for the answer with
   * the successor may have been lost with the connection.
   */
  accepts(key) {
    if (key === this.#key) this.#before = key;
    return key === this.#before;
  }

  end() {
    clearTimeout(this.#end);
    for (const [key, session] of byKey) if (session === this) byKey.delete(key);
    this.#detach();
  }

  #detach() {
    if (!this.cid) return;
    byConnection.delete(this.cid);
    setToken(nats, this.cid, null);
    emit(nats, `session.user.${this.cid}`, 'change', { values: NOBODY });
    this.cid = undefined;
  }
}

serve(nats, 'auth.session.login', ({ cid, params }) => {
  const user = users.get(params?.name);
  if (!user || params.password !== params.name) throw new ResError('session.wrong', 'Wrong name or password');
  byConnection.get(cid)?.end();
  return { result: new Session(user).attach(cid) };
});

serve(nats, 'auth.session.resume', ({ cid, params }) => {
  const session = byKey.get(params?.key);
  if (!session) throw new ResError('session.ended', 'The session has ended');
  if (!session.accepts(params.key)) {
    // Somebody else has used the key. Nobody can know which of the two is the thief, so the session ends for both.
    session.end();
    throw new ResError('session.ended', 'The session has ended');
  }
  return { result: session.attach(cid) };
});

serve(nats, 'auth.session.logout', ({ cid }) => {
  byConnection.get(cid)?.end();
  return { result: null };
});

// A client asks for session.user.{cid} as it stands: the gateway puts in the id of its connection, which only they know.
serve(nats, 'access.session.user.*', ({ cid }, subject) => ({ result: { get: connection(subject) === cid } }));

serve(nats, 'get.session.user.*', (_request, subject) => ({
  result: { model: byConnection.get(connection(subject))?.user ?? NOBODY },
}));

const ticker = { seconds: 0 };

// A token outlives a service that has lost its sessions, so it is not enough that there is one.
serve(nats, 'access.ticker.model', ({ cid, token }) => ({
  result: { get: token != null && byConnection.get(cid)?.id === token.session },
}));

serve(nats, 'get.ticker.model', () => ({ result: { model: ticker } }));

setInterval(() => {
  ticker.seconds += 1;
  emit(nats, 'ticker.model', 'change', { values: { seconds: ticker.seconds } });
}, 1000);

reset(nats, 'session.>', 'ticker.>');

function connection(subject) {
  return subject.split('.')[3];
}

function random() {
  return randomBytes(24).toString('base64url');
}
