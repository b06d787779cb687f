/** The sections about methods, tokens, resets, protocols, and requests that are none. */
export async function requests(rec, A) {
  const C = (name, version) => rec.connect(name, version);
  await rec.section('call', async () => {
    for (const [m, p] of [
      ['echo'],
      ['echo', null],
      ['echo', { a: 1 }],
      ['echo', [1]],
      ['echo', 'str'],
      ['ping'],
      ['resource'],
      ['resource', { rid: 'fix.child.2' }],
      ['resource', { rid: 'fix.list' }],
      ['badResource'],
      ['missingResource'],
      ['deniedResource'],
      ['error'],
      ['bare'],
      ['badjson'],
      ['empty'],
      ['nosuch'],
      ['preShort'],
      ['timeout'],
      ['pre', { ms: 4000 }],
      ['legacyNewRes'],
    ])
      await A.req('call.fix.calls.' + m, p);
    await A.req('call.fix.calls?q=1.echo');
    await A.req('call.fix.calls.echo?q=1');
    await A.req('call.fix.partial.ping');
    await A.req('call.fix.partial.echo');
    await A.req('call.fix.callonly.ping');
    await A.req('get.fix.callonly');
    await A.req('call.nosuch.svc.meth');
    await A.req('call.fix.accessError.ping');
    await A.req('call.fix.accessTimeout.ping');
    await A.req('call.fix.nosuchres.ping');
    await A.req('new.fix.calls', { name: 'n' });
    await A.req('new.fixlegacy.coll');
    await A.req('call.fixlegacy.coll.new');
    await A.req('call.fix.calls.new', {});
    await A.req('unsubscribe.fix.child.1');
    await A.req('unsubscribe.fix.child.1', { count: 9 });
  });
  await rec.section('unsubscribe-count', async () => {
    const D = await C('D');
    for (let i = 0; i < 5; i++) await D.req('subscribe.fix.child.2');
    for (const p of [
      { count: 2 },
      { count: 4 },
      { count: 0 },
      { count: -1 },
      { count: 1.5 },
      { count: '1' },
      { count: null },
      {},
      null,
      [],
      'x',
      { count: 1 },
      { count: 1 },
    ])
      await D.req('unsubscribe.fix.child.2', p);
    await D.close();
    const E = await C('E');
    for (let i = 0; i < 258; i++) {
      E.isRecorded = i < 1 || i > 254;
      await E.req('subscribe.fix.child.2');
    }
    await E.close();
  });
  await rec.section('auth-token-reaccess', async () => {
    await A.req('subscribe.fix.secure');
    await A.req('auth.fix.auth.error');
    await A.req('auth.fix.auth.nosuch');
    await A.req('auth.fix.auth.login', { user: 'u', role: 'admin', tid: 't1' });
    await A.req('subscribe.fix.secure');
    await A.req('call.fix.secure.echo', { z: 1 });
    await A.ctl('token', { token: { user: 'u', role: 'guest' }, tid: 't1' });
    await rec.settle(); // token replaced -> reaccess on all subs, still allowed
    await A.ctl('tokenReset', { tids: ['nope', 't1'], subject: 'auth.fix.auth.renew' });
    await rec.settle();
    await A.ctl('tokenReset', { tids: ['t1'], subject: 'auth.fix.auth.renew' });
    await rec.settle();
    await A.ctl('custom', { rid: 'fix.secure', event: 'still' });
    await rec.settle();
    await A.req('auth.fix.auth.logout');
    await rec.settle();
    await A.ctl('custom', { rid: 'fix.secure', event: 'gone' });
    await rec.settle();
    await A.req('auth.fix.auth.resource');
    await A.req('unsubscribe.fix.child.2');
    await A.req('auth.fix.auth.echo', { p: 1 });
    await A.req('auth.fix.auth.timeout');
    // explicit reaccess and system.reset access
    await A.req('subscribe.fix.partial');
    await A.req('subscribe.fix.partial');
    await A.ctl('access', { rid: 'fix.partial', response: { result: { get: true } }, reaccess: true });
    await rec.settle();
    await A.req('call.fix.partial.ping');
    await A.ctl('access', { rid: 'fix.partial', response: { error: { code: 'fix.nope', message: 'Nope' } } });
    await A.ctl('reset', { access: ['fix.partial'] });
    await rec.settle();
    await A.req('unsubscribe.fix.partial');
    await A.ctl('access', { rid: 'fix.partial' });
  });
  await rec.section('system-reset', async () => {
    await A.req('subscribe.fix.model');
    await A.req('subscribe.fix.list');
    await A.req('subscribe.fix.later');
    await A.ctl('change', { rid: 'fix.model', values: { int: 43, gone: 1 }, silent: true });
    await A.ctl('put', {
      rid: 'fix.list',
      resource: { collection: [{ rid: 'fix.child.2' }, { rid: 'fix.child.1' }, 'x', { rid: 'fix.tree' }] },
    });
    await A.ctl('del', { rid: 'fix.later', silent: true });
    await A.ctl('reset', { resources: ['fix.>'] });
    await rec.settle(150);
    await A.ctl('reset', { resources: ['fix.*'], access: ['fix.model'] });
    await rec.settle();
    await A.ctl('reset', {});
    await A.ctl('emit', { subject: 'system.reset', raw: '' });
    await A.ctl('emit', { subject: 'system.reset', raw: '{bad' });
    await rec.settle();
    await A.req('unsubscribe.fix.model');
    await A.req('unsubscribe.fix.list');
    await A.req('unsubscribe.fix.later');
  });
  await rec.section('cid', async () => {
    await A.req('subscribe.fix.private.{cid}');
    await A.req('get.fix.private.other');
    await A.ctl('token', { token: null });
    await A.req('subscribe.fix.refcid');
    await A.req('auth.fix.auth.{cid}');
    await A.req('call.fix.calls.{cid}');
    await A.req('call.fix.private.{cid}.ping');
    await A.req('unsubscribe.fix.private.{cid}');
    await A.req('unsubscribe.fix.refcid');
  });
  await rec.section('bad-requests', async () => {
    for (const m of [
      '',
      'foo',
      'get',
      'get.',
      'get..a',
      'get.a.',
      'get.a..b',
      'get.fix.*',
      'get.fix.>',
      'get.fix model',
      'get.fix.mödel',
      'get.?a=1',
      'get.fix.model?',
      'subscribe',
      'unsubscribe.fix.nosub',
      'call.fix',
      'call.fix.model.',
      'call.fix.model.*',
      'auth.fix',
      'auth.',
      'new',
      'new.',
      'Get.fix.model',
      'version.x',
      'delete.fix.model',
      'get.fix.model\u0000',
      'get.' + 'x'.repeat(4100),
    ])
      await A.req(m);
    for (const raw of [
      '{"id":9001,"method":"get.fix.child.1","jsonrpc":"2.0","extra":1}',
      // Not `{"ID":9002,…}`, which this gateway closes the connection for.
      '{"id":18446744073709551615,"method":"get.fix.child.1"}',
      '{"id":0,"method":"get.fix.child.1"}',
    ]) {
      A.raw(raw);
      await rec.settle();
    }
  });
  await rec.section('silently-ignored', async () => {
    const X = await C('X');
    for (const raw of [
      '{bad',
      '',
      '[]',
      '[{"id":1,"method":"get.fix.child.1"}]',
      'null',
      '5',
      '"str"',
      '{}',
      '{"method":"get.fix.child.1"}',
      '{"id":null,"method":"get.fix.child.1"}',
      '{"id":"7","method":"get.fix.child.1"}',
      '{"id":1.5,"method":"get.fix.child.1"}',
      '{"id":-1,"method":"get.fix.child.1"}',
      '{"id":18446744073709551616,"method":"get.fix.child.1"}',
      '{"id":5,"method":7}',
      '{"id":6}',
    ]) {
      X.raw(raw);
      await rec.settle();
    }
    X.raw(Buffer.from('{"id":77,"method":"get.fix.child.1"}'), { binary: true });
    await rec.settle();
    await X.req('get.fix.child.2');
    await X.close();
  });
  await rec.section('legacy-1.1.1', async () => {
    for (const v of [null, '1.1.1', '1.2.0', '1.2.1']) {
      const L = await C('L' + (v || 'none'), v);
      await L.req('get.fix.soft');
      await L.req('get.fix.data');
      await L.req('get.fix.softlist');
      await L.req('call.fix.calls.echo', { a: 1 });
      await L.req('call.fix.calls.resource', { rid: 'fix.child.2' });
      await L.req('unsubscribe.fix.child.2');
      await L.req('new.fix.calls', { name: 'n' });
      await L.req('subscribe.fix.data');
      await L.ctl('change', { rid: 'fix.data', values: { extra: { data: [Date.now()] } } });
      await rec.settle();
      await L.req('auth.fix.auth.echo');
      await L.close();
    }
  });
  await rec.section('pipelined', async () => {
    // requests pipelined, no waiting for responses
    const P = await C('P');
    const ps = [];
    for (const m of [
      'subscribe.fix.tree',
      'call.fix.calls.ping',
      'get.fix.model',
      'subscribe.fix.child.1',
      'call.fix.calls.echo',
      'version',
      'subscribe.fix.tree',
      'unsubscribe.fix.child.2',
    ])
      ps.push(P.req(m));
    await Promise.all(ps);
    await P.close();
  });
  await rec.section('unsubscribe-while-pending', async () => {
    const P = await C('P2');
    const p = P.req('subscribe.fix.tree');
    await P.req('unsubscribe.fix.tree');
    await p;
    await P.req('subscribe.fix.tree');
    await P.close();
  });
  await rec.section('end', async () => {
    await A.ctl('restore');
  });
}
