// The service `fix` that the recording in tests/fixtures was made with: a client that speaks WebSocket drives all its changes, by calls of
// fix.ctl, so that one script holds the whole conversation.
import { connect } from 'nats';

const err = (code, message, data) => ({ error: Object.assign({ code, message }, data === undefined ? {} : { data }) });
const NF = err('system.notFound', 'Not found');
const model = (m) => ({ model: m }),
  coll = (c) => ({ collection: c });

const initial = () => ({
  'fix.model': model({
    str: 'foo',
    int: 42,
    float: 1.5,
    big: 9007199254740992,
    neg: -0.0,
    t: true,
    f: false,
    nul: null,
    uni: 'åäö 𝄞 <&>  ',
    empty: '',
  }),
  'fix.collection': coll(['a', 1, true, null, 'b']),
  'fix.empty.model': model({}),
  'fix.empty.collection': coll([]),
  'fix.child.1': model({ id: 1, name: 'one' }),
  'fix.child.2': model({ id: 2, name: 'two' }),
  'fix.child.3': model({ id: 3, name: 'three' }),
  'fix.list': coll([{ rid: 'fix.child.1' }, { rid: 'fix.child.2' }]),
  'fix.dup': coll([{ rid: 'fix.child.1' }, { rid: 'fix.child.1' }]),
  'fix.tree': model({ name: 'tree', child: { rid: 'fix.child.3' }, list: { rid: 'fix.list' } }),
  'fix.cycle.a': model({ name: 'a', b: { rid: 'fix.cycle.b' } }),
  'fix.cycle.b': model({ name: 'b', a: { rid: 'fix.cycle.a' } }),
  'fix.cycle.self': model({ name: 'self', me: { rid: 'fix.cycle.self' } }),
  'fix.soft': model({ name: 'soft', ref: { rid: 'fix.child.1', soft: true } }),
  'fix.softlist': coll([{ rid: 'fix.child.1', soft: true }, 'x']),
  'fix.data': model({
    obj: { data: { a: [1, 2, { b: null }] } },
    arr: { data: [1, 'x'] },
    prim: { data: 12 },
    nul: { data: null },
  }),
  'fix.datalist': coll([{ data: { k: 'v' } }, 'x', { data: [1] }]),
  'fix.errref': model({ ok: { rid: 'fix.child.1' }, missing: { rid: 'fix.missing' }, custom: { rid: 'fix.getError' } }),
  'fix.errlist': coll([{ rid: 'fix.child.1' }, { rid: 'fix.missing' }]),
  'fix.refdenied': model({ secret: { rid: 'fix.secure' } }), // access is not checked on indirect refs
  'fix.refquery': model({ q: { rid: 'fix.items?start=0&limit=2' } }),
  'fix.refcid': model({ me: { rid: 'fix.private.{cid}' } }),
  'fix.secure': model({ secret: 'only with token' }),
  'fix.partial': model({ x: 1 }),
  'fix.callonly': model({ x: 1 }),
  'fix.deletable': model({ x: 1 }),
  'fix.parent': model({ d: { rid: 'fix.deletable' } }),
  'fix.ctl': model({ ctl: true }),
  'fix.calls': model({ calls: true }),
});
let res = initial(),
  items = [],
  accessOverride = {},
  tokensByCid = {};
const resetItems = () => {
  items = [];
  for (let i = 1; i <= 10; i++) items.push('item' + i);
};
resetItems();

const nats = await connect({ servers: process.env.NATS_URL, name: 'fixture', maxReconnectAttempts: -1 });
const pub = (s, o) => nats.publish(s, o === undefined ? '' : JSON.stringify(o));
const ev = (rid, name, o) => pub('event.' + rid + '.' + name, o);
const subscribe = (subject, handler) => {
  const callback = (error, message) => {
    if (error) throw error;
    handler(message.string(), message.reply, message.subject);
  };
  return nats.subscribe(subject, { callback });
};
/** Answers the requests on a subject; what is answered as a string goes out as it is. */
const on = (subject, fn) =>
  subscribe(subject, (text, reply, s) => {
    let req = {};
    try {
      req = text ? JSON.parse(text) : {};
    } catch {
      // A request that is not JSON is one without parameters.
    }
    fn(req, (o) => reply && nats.publish(reply, typeof o === 'string' ? o : JSON.stringify(o)), s);
  });

// pagination: fix.items?start=&limit=[&filter=] ; normalised order: limit, start
function parseItemsQuery(q) {
  const p = new URLSearchParams(q || '');
  const start = p.has('start') ? Number(p.get('start')) : 0,
    limit = p.has('limit') ? Number(p.get('limit')) : 3;
  if (!Number.isInteger(start) || !Number.isInteger(limit) || start < 0 || limit < 1 || limit > 50) return null;
  return { start, limit, norm: `limit=${limit}&start=${start}` };
}
const page = (p) => items.slice(p.start, p.start + p.limit);

// ---- get
on('get.fix.>', (req, send, s) => {
  const rid = s.slice(4);
  if (rid === 'fix.items') {
    const p = parseItemsQuery(req.query);
    if (!p) return send(err('system.invalidQuery', 'Invalid query'));
    return send({ result: { collection: page(p), query: p.norm } });
  }
  if (rid === 'fix.qmodel') {
    const p = new URLSearchParams(req.query || '');
    p.sort();
    const norm = p.toString();
    return send({ result: { model: { q: norm, count: items.length }, query: norm } });
  }
  if (rid.startsWith('fix.private.')) {
    const cid = rid.slice(12);
    return send({ result: { model: { cidLen: cid.length, token: !!tokensByCid[cid] } } });
  }
  if (rid === 'fix.getError') return send(err('fix.custom', 'Custom get error', { foo: 'bar' }));
  if (rid === 'fix.getTimeout') return;
  if (rid === 'fix.raw')
    return send(
      '{ "result" : { "model" : { "b" : 1.0 , "a" : 1e3, "big": 9007199254740993, "neg0": -0, "html": "<b>&\\u00e5å\\/\u2028", "dup": 1, "dup": 2, "data": {"data": { "z" : 1 , "a":[ 1 , 2 ], "z":2 } , "extra":1}, "ref": { "rid" : "fix.child.1" , "soft" : true, "x":1 } } } }',
    );
  if (rid === 'fix.getPre') {
    send('timeout:"6000"');
    return void setTimeout(() => send({ result: model({ slow: true }) }), 4000);
  }
  if (rid === 'fix.getBad.json') return send('{"result":');
  if (rid === 'fix.getBad.empty') return send('{}');
  if (rid === 'fix.getBad.nested') return send('{"result":{"model":{"a":{"b":1}}}}');
  if (rid === 'fix.getBad.array') return send('{"result":{"model":{"a":[1]}}}');
  if (rid === 'fix.getBad.both') return send('{"result":{"model":{},"collection":[]}}');
  if (rid === 'fix.getBad.delete') return send('{"result":{"model":{"a":{"action":"delete"}}}}');
  if (rid === 'fix.getBad.rid') return send('{"result":{"model":{"a":{"rid":"bad..rid"}}}}');
  if (rid.startsWith('fix.big.')) {
    const n = Number(rid.slice(8));
    return send({ result: model({ pad: 'x'.repeat(n) }) });
  }
  if (rid.startsWith('fix.n.')) return send({ result: model({ n: Number(rid.slice(6)), v: 0 }) });
  if (rid.startsWith('fix.wide.')) {
    const n = Number(rid.slice(9));
    const a = [];
    for (let i = 0; i < n; i++) a.push({ rid: 'fix.n.' + i });
    return send({ result: coll(a) });
  }
  send(res[rid] ? { result: res[rid] } : NF);
});

// ---- access
on('access.fix.>', (req, send, s) => {
  const rid = s.slice(7);
  const o = accessOverride[rid];
  if (o) return send(o);
  if (rid === 'fix.secure' || rid === 'fix.secret.call')
    return send({ result: req.token && req.token.role ? { get: true, call: '*' } : { get: false } });
  if (rid === 'fix.partial') return send({ result: { get: true, call: 'ping,set' } });
  if (rid === 'fix.callonly') return send({ result: { call: 'ping' } });
  if (rid === 'fix.accessError') return send(err('fix.accessCustom', 'Custom access error', { a: 1 }));
  if (rid === 'fix.accessTimeout') return;
  if (rid === 'fix.accessMeta')
    return send({ result: { get: true, call: '*' }, meta: { header: { 'X-Fix': ['access'], 'Set-Cookie': ['a=1'] } } });
  if (rid === 'fix.accessRedirect')
    return send({ result: { get: true }, meta: { status: 302, header: { Location: ['/elsewhere'] } } });
  if (rid === 'fix.access451') return send({ result: { get: true }, meta: { status: 451 } });
  if (rid.startsWith('fix.private.')) return send({ result: { get: req.cid === rid.slice(12) } });
  send({ result: { get: true, call: '*' } });
});
res['fix.accessMeta'] = model({ m: 1 });
res['fix.accessRedirect'] = model({ m: 1 });
res['fix.access451'] = model({ m: 1 });

// ---- control
const ctl = {
  emit: (p) => {
    if (p.raw === undefined) pub(p.subject, p.payload);
    else nats.publish(p.subject, p.raw);
    return null;
  },
  change: (p) => {
    const m = res[p.rid].model;
    for (const k in p.values) {
      const v = p.values[k];
      if (v && v.action === 'delete') delete m[k];
      else m[k] = v;
    }
    if (!p.silent) ev(p.rid, 'change', { values: p.values });
    return null;
  },
  add: (p) => {
    res[p.rid].collection.splice(p.idx, 0, p.value);
    if (!p.silent) ev(p.rid, 'add', { idx: p.idx, value: p.value });
    return null;
  },
  remove: (p) => {
    res[p.rid].collection.splice(p.idx, 1);
    if (!p.silent) ev(p.rid, 'remove', { idx: p.idx });
    return null;
  },
  put: (p) => {
    res[p.rid] = p.resource;
    return null;
  }, // silent
  del: (p) => {
    delete res[p.rid];
    if (!p.silent) ev(p.rid, 'delete');
    return null;
  },
  custom: (p) => {
    ev(p.rid, p.event, p.data);
    return null;
  },
  access: (p) => {
    if (p.response) accessOverride[p.rid] = p.response;
    else delete accessOverride[p.rid];
    if (p.reaccess) ev(p.rid, 'reaccess');
    return null;
  },
  reset: (p) => {
    pub('system.reset', p);
    return null;
  },
  token: (p, req) => {
    const cid = p.cid || req.cid;
    tokensByCid[cid] = p.token;
    pub('conn.' + cid + '.token', p.tid === undefined ? { token: p.token } : { token: p.token, tid: p.tid });
    return null;
  },
  tokenReset: (p) => {
    pub('system.tokenReset', p);
    return null;
  },
  // mutate the list behind fix.items and send a query event; mode: events | collection | none | notFound | error
  items: (p) => {
    const before = items.slice();
    if (p.insert !== undefined) items.splice(p.idx, 0, p.insert);
    else if (p.remove !== undefined) items.splice(p.remove, 1);
    const after = items.slice(),
      subj = '_FIXQ.' + Math.random().toString(36).slice(2);
    const queries = subscribe(subj, (m, reply) => {
      const q = JSON.parse(m).query,
        pg = parseItemsQuery(q);
      let r;
      const old = pg ? before.slice(pg.start, pg.start + pg.limit) : null,
        nw = pg ? after.slice(pg.start, pg.start + pg.limit) : null;
      if (!pg) r = { result: { model: { q, count: after.length } } };
      else if (p.mode === 'collection') r = { result: { collection: nw } };
      else if (p.mode === 'none') r = { result: {} };
      else if (p.mode === 'notFound') r = NF;
      else if (p.mode === 'error') r = err('system.internalError', 'boom');
      else {
        const events = [];
        let i = 0;
        while (i < old.length && i < nw.length && old[i] === nw[i]) i++;
        // simple diff: drop the tail from first difference, add the new tail
        for (let k = old.length - 1; k >= i; k--) events.push({ event: 'remove', data: { idx: k } });
        for (let k = i; k < nw.length; k++) events.push({ event: 'add', data: { idx: k, value: nw[k] } });
        r = { result: { events } };
      }
      nats.publish(reply, JSON.stringify(r));
    });
    setTimeout(() => queries.unsubscribe(), 3000);
    pub('event.fix.items.query', { subject: subj });
    pub('event.fix.qmodel.query', { subject: subj });
    return null;
  },
  restore: () => {
    const a = ['fix.accessMeta', 'fix.accessRedirect', 'fix.access451'].map((k) => [k, res[k]]);
    res = initial();
    a.forEach(([k, v]) => (res[k] = v));
    resetItems();
    accessOverride = {};
    tokensByCid = {};
    pub('system.reset', { resources: ['fix.>'], access: ['fix.>'] });
    return null;
  },
  // burst: n change events on rid, property v, with publish time (monotonic us) for latency
  burst: (p) => {
    for (let i = 0; i < p.n; i++) ev(p.rid, 'change', { values: { v: i + 1 } });
    return null;
  },
};
on('call.fix.ctl.*', (req, send, s) => {
  const op = s.split('.').pop();
  if (!ctl[op]) return send(err('system.methodNotFound', 'Method not found'));
  try {
    send({ result: ctl[op](req.params || {}, req) });
  } catch (e) {
    send(err('system.internalError', String(e)));
  }
});

// ---- calls
let nextNew = 1;
const calls = {
  ping: (p, r, send) => send({ result: null }),
  echo: (p, r, send) =>
    send({
      result: {
        params: p === undefined ? '__undefined' : p,
        token: r.token === undefined ? '__undefined' : r.token,
        query: r.query,
        isHttp: r.isHttp,
        hasCid: typeof r.cid === 'string',
      },
    }),
  resource: (p, r, send) => send({ resource: { rid: (p && p.rid) || 'fix.child.1' } }),
  badResource: (p, r, send) => send({ resource: { rid: 'bad..rid' } }),
  missingResource: (p, r, send) => send({ resource: { rid: 'fix.missing' } }),
  deniedResource: (p, r, send) => send({ resource: { rid: 'fix.callonly' } }),
  error: (p, r, send) => send(err('fix.failed', 'It failed', { why: 'test' })),
  bare: (p, r, send) => send('{}'),
  badjson: (p, r, send) => send('[not json'),
  empty: (p, r, send) => send(''),
  timeout: () => {},
  pre: (p, r, send) => {
    send('timeout:"15000"');
    setTimeout(() => send({ result: 'late' }), (p && p.ms) || 5000);
  },
  preShort: (p, r, send) => {
    send('timeout:"500"');
  },
  set: (p, r, send, rid) => {
    const m = res[rid].model;
    Object.assign(m, p);
    ev(rid, 'change', { values: p });
    send({ result: null });
  },
  delete: (p, r, send) => send({ result: null }),
  patch: (p, r, send) => send({ result: { patched: p } }),
  meta: (p, r, send) => send({ result: { ok: 1 }, meta: p }),
  metaRes: (p, r, send) => send({ resource: { rid: 'fix.child.1' }, meta: p }),
  metaErr: (p, r, send) => send(Object.assign(err('fix.failed', 'It failed'), { meta: p })),
  new: (p, r, send) => {
    const rid = 'fix.child.new' + nextNew++;
    res[rid] = model(Object.assign({ id: rid }, p));
    send({ resource: { rid } });
  },
  legacyNewRes: (p, r, send) => send({ result: { rid: 'fix.child.1' } }),
};
on('call.fix.>', (req, send, s) => {
  const i = s.lastIndexOf('.'),
    rid = s.slice(5, i),
    op = s.slice(i + 1);
  if (rid === 'fix.ctl') return;
  const f = calls[op];
  if (!f) return send(err('system.methodNotFound', 'Method not found'));
  f(req.params, req, send, rid);
});
// new legacy result
on('call.fixlegacy.coll.new', (req, send) => send({ result: { rid: 'fix.child.1' } }));
on('access.fixlegacy.>', (req, send) => send({ result: { get: true, call: '*' } }));
on('get.fixlegacy.>', (req, send) => send({ result: model({ a: 1 }) }));

// ---- auth
on('auth.fix.auth.*', (req, send, s) => {
  const op = s.split('.').pop(),
    p = req.params || {};
  switch (op) {
    case 'login': {
      const token = { user: p.user || 'u', role: p.role || 'admin' };
      ctl.token({ token, tid: p.tid }, req);
      return send({ result: { ok: true } });
    }
    case 'logout':
      ctl.token({ token: null }, req);
      return send({ result: null });
    case 'resource':
      return send({ resource: { rid: 'fix.child.2' } });
    case 'echo':
      return send({
        result: {
          keys: Object.keys(req).sort(),
          header: req.header,
          host: req.host,
          uri: req.uri,
          remoteAddr: typeof req.remoteAddr,
          token: req.token === undefined ? '__undefined' : req.token,
          isHttp: req.isHttp,
        },
      });
    case 'renew':
      if (req.token) ctl.token({ token: Object.assign({}, req.token, { renewed: true }), tid: 'renewed' }, req);
      return send({ result: null });
    case 'header': {
      const h = (req.header['X-Auth'] || [])[0];
      if (h) ctl.token({ token: { role: h } }, req);
      return send({ result: null });
    }
    case 'headerMeta':
      return send({ result: null, meta: { header: { 'X-Auth-Meta': ['yes'], 'Set-Cookie': ['auth=1'] } } });
    case 'header403':
      return send(Object.assign(err('fix.denied', 'No'), { meta: { status: 403 } }));
    case 'error':
      return send(err('fix.authFailed', 'Auth failed'));
    case 'timeout':
      return;
    default:
      return send(err('system.methodNotFound', 'Method not found'));
  }
});
await nats.flush();
pub('system.reset', { resources: ['fix.>'], access: ['fix.>'] });
await nats.flush();
console.log('fixture ready');
