import { sleep } from './recorder.mjs';

/** Holds the conversation that the recording of Resgate in tests/fixtures is of. */
export async function converse(rec) {
  const C = (name, version) => rec.connect(name, version);
  let A = await C('ctl0');
  await A.ctl('restore');
  await A.close();
  await sleep(5600);

  await rec.section('version', async () => {
    const c = await C('V', null);
    for (const p of [
      undefined,
      null,
      {},
      { protocol: '' },
      { protocol: '1.0.0' },
      { protocol: '1.1.1' },
      { protocol: '1.2.3' },
      { protocol: '1.999.999' },
      { protocol: '2.0.0' },
      { protocol: '0.9.0' },
      { protocol: '1.2' },
      { protocol: 'v1.2.3' },
      { protocol: '1.0.1000' },
      { protocol: 1.2 },
      { protocol: '1.-2.3' },
      '1.2.3',
      ['1.2.3'],
      5,
    ])
      await c.req('version', p);
    await c.close();
  });
  A = await C('A');
  const B = await C('B');
  await rec.section('get-basic', async () => {
    for (const r of [
      'model',
      'collection',
      'empty.model',
      'empty.collection',
      'data',
      'datalist',
      'soft',
      'softlist',
      'child.1',
    ])
      await A.req('get.fix.' + r);
  });
  await rec.section('subscribe-refs', async () => {
    await A.req('subscribe.fix.tree');
    await A.req('subscribe.fix.list');
    await A.req('get.fix.tree');
    await A.req('subscribe.fix.child.1');
    await A.req('subscribe.fix.dup');
    await A.req('unsubscribe.fix.tree');
    await A.req('unsubscribe.fix.tree');
    await A.req('unsubscribe.fix.list');
    await A.req('unsubscribe.fix.child.1');
    await A.req('unsubscribe.fix.dup');
    await A.req('unsubscribe.fix.child.3');
  });
  await rec.section('cycles', async () => {
    await A.req('subscribe.fix.cycle.a');
    await A.req('subscribe.fix.cycle.b');
    await A.req('unsubscribe.fix.cycle.a');
    await A.ctl('change', { rid: 'fix.cycle.a', values: { name: 'a2' } });
    await rec.settle();
    await A.req('unsubscribe.fix.cycle.b');
    await A.req('subscribe.fix.cycle.self');
    await A.req('unsubscribe.fix.cycle.self');
  });
  await rec.section('ref-errors', async () => {
    await A.req('subscribe.fix.errref');
    await A.req('subscribe.fix.errlist');
    await A.req('subscribe.fix.missing');
    await A.req('get.fix.missing');
    await A.req('unsubscribe.fix.errref');
    await A.req('unsubscribe.fix.errlist');
    await A.req('subscribe.fix.getError');
    await A.req('get.fix.getError');
    await A.req('subscribe.fix.refdenied');
    await A.req('subscribe.fix.secure');
    await A.req('unsubscribe.fix.refdenied');
  });
  await rec.section('sticky-get-error', async () => {
    // does a failing get stick on the connection once the resource exists?
    await B.req('get.fix.later');
    await B.ctl('put', { rid: 'fix.later', resource: { model: { a: 1 } } });
    await B.req('get.fix.later');
    await B.req('subscribe.fix.later');
    await A.req('get.fix.later');
    await B.req('unsubscribe.fix.later');
    await B.req('unsubscribe.fix.later', { count: 2 });
    await B.req('subscribe.fix.later2');
    await B.ctl('put', { rid: 'fix.later2', resource: { model: { a: 1 } } });
    await B.req('subscribe.fix.later2');
    await B.req('unsubscribe.fix.later2');
  });
  await rec.section('bad-get-responses', async () => {
    for (const r of ['json', 'empty', 'nested', 'array', 'both', 'delete', 'rid'])
      await A.req('subscribe.fix.getBad.' + r);
  });
  await rec.section('model-events', async () => {
    await A.req('subscribe.fix.model');
    await B.req('subscribe.fix.model');
    await A.ctl('change', { rid: 'fix.model', values: { str: 'bar' } });
    await rec.settle();
    await A.ctl('change', { rid: 'fix.model', values: { str: 'bar' } });
    await rec.settle(); // no change -> swallowed
    await A.ctl('change', { rid: 'fix.model', values: { str: 'baz', int: 42 } });
    await rec.settle(); // partly unchanged -> trimmed
    await A.ctl('change', { rid: 'fix.model', values: { str: { action: 'delete' } } });
    await rec.settle();
    await A.ctl('change', { rid: 'fix.model', values: { str: { action: 'delete' } } });
    await rec.settle();
    await A.ctl('change', { rid: 'fix.model', values: { ref: { rid: 'fix.child.1' } } });
    await rec.settle(); // new ref: resource included
    await A.ctl('change', { rid: 'fix.model', values: { ref2: { rid: 'fix.child.1' } } });
    await rec.settle(); // already sent: omitted
    await A.ctl('change', { rid: 'fix.model', values: { ref: { rid: 'fix.child.2' }, ref2: null } });
    await rec.settle();
    await A.ctl('change', { rid: 'fix.child.1', values: { name: 'uno' } });
    await rec.settle(); // no longer referenced -> not delivered
    await A.ctl('change', { rid: 'fix.child.2', values: { name: 'dos' } });
    await rec.settle();
    await A.ctl('change', { rid: 'fix.model', values: { missing: { rid: 'fix.missing' } } });
    await rec.settle();
    await A.ctl('change', {
      rid: 'fix.model',
      values: { s: { rid: 'fix.child.3', soft: true }, d: { data: { x: [1] } }, p: { data: 'prim' } },
    });
    await rec.settle();
    await A.ctl('change', { rid: 'fix.model', values: { d: { data: { x: [1] } } } });
    await rec.settle();
    await A.ctl('emit', { subject: 'event.fix.model.change', payload: { values: { nested: { a: 1 } } } });
    await rec.settle(); // invalid value
    await A.ctl('emit', { subject: 'event.fix.model.change', payload: { legacyProp: 'v1.0' } });
    await rec.settle(); // legacy form
    await A.ctl('emit', { subject: 'event.fix.model.change', raw: '{bad' });
    await rec.settle();
    await A.ctl('emit', { subject: 'event.fix.model.change', raw: '' });
    await rec.settle();
    await A.ctl('emit', { subject: 'event.fix.model.add', payload: { idx: 0, value: 1 } });
    await rec.settle();
    await A.ctl('emit', { subject: 'event.fix.model.create' });
    await rec.settle();
    await A.ctl('emit', { subject: 'event.fix.model.patch', payload: { reserved: true } });
    await rec.settle();
    await A.ctl('emit', { subject: 'event.fix.model.reset', payload: { reserved: true } });
    await rec.settle();
    await A.ctl('emit', {
      subject: 'event.fix.model.unsubscribe',
      payload: { reason: { code: 'x', message: 'spoof' } },
    });
    await rec.settle();
  });
  await rec.section('custom-events', async () => {
    await A.ctl('custom', { rid: 'fix.model', event: 'custom', data: { any: [1, { b: null }] } });
    await A.ctl('custom', { rid: 'fix.model', event: 'nodata' });
    await A.ctl('emit', { subject: 'event.fix.model.prim', raw: '12' });
    await A.ctl('emit', { subject: 'event.fix.model.null', raw: 'null' });
    await A.ctl('emit', { subject: 'event.fix.model.badjson', raw: '{x' });
    await A.ctl('emit', { subject: 'event.fix.model.two.parts', raw: '1' });
    await A.ctl('emit', { subject: 'event.fix.model.big', payload: { html: '<b>&', num: 12345678901234567000 } });
    await rec.settle();
    await A.req('unsubscribe.fix.model');
    await B.req('unsubscribe.fix.model');
  });
  await rec.section('collection-events', async () => {
    await A.req('subscribe.fix.list');
    await A.req('subscribe.fix.collection');
    await A.ctl('add', { rid: 'fix.collection', idx: 0, value: 'first' });
    await rec.settle();
    await A.ctl('add', { rid: 'fix.collection', idx: 6, value: { data: [1] } });
    await rec.settle();
    await A.ctl('remove', { rid: 'fix.collection', idx: 0 });
    await rec.settle();
    await A.ctl('add', { rid: 'fix.list', idx: 2, value: { rid: 'fix.child.3' } });
    await rec.settle();
    await A.ctl('add', { rid: 'fix.list', idx: 0, value: { rid: 'fix.child.3' } });
    await rec.settle();
    await A.ctl('remove', { rid: 'fix.list', idx: 0 });
    await rec.settle();
    await A.ctl('add', { rid: 'fix.list', idx: 0, value: { rid: 'fix.missing' } });
    await rec.settle();
    await A.ctl('add', { rid: 'fix.list', idx: 0, value: { rid: 'fix.child.1', soft: true } });
    await rec.settle();
    await A.ctl('emit', { subject: 'event.fix.list.add', payload: { idx: 99, value: 1 } });
    await A.ctl('emit', { subject: 'event.fix.list.remove', payload: { idx: 99 } });
    await A.ctl('emit', { subject: 'event.fix.list.add', payload: { idx: -1, value: 1 } });
    await A.ctl('emit', { subject: 'event.fix.list.add', payload: { idx: 0 } });
    await A.ctl('emit', { subject: 'event.fix.list.add', payload: { idx: 0, value: { action: 'delete' } } });
    await A.ctl('emit', { subject: 'event.fix.list.change', payload: { values: { a: 1 } } });
    await A.ctl('emit', { subject: 'event.fix.list.remove', payload: { idx: 0, extra: 'kept?' } });
    await rec.settle();
    // ordering: add with unsent ref directly followed by other events on the same resource (must be queued until ref loaded)
    await A.ctl('emit', { subject: 'event.fix.collection.add', payload: { idx: 0, value: { rid: 'fix.getPre' } } });
    await A.ctl('custom', { rid: 'fix.collection', event: 'afterAdd', data: 1 });
    await A.ctl('custom', { rid: 'fix.list', event: 'otherResource', data: 2 });
    await sleep(4300);
    await rec.settle();
    await A.req('unsubscribe.fix.list');
    await A.req('unsubscribe.fix.collection');
  });
  await rec.section('delete-event', async () => {
    await A.req('subscribe.fix.deletable');
    await A.req('subscribe.fix.deletable');
    await A.ctl('del', { rid: 'fix.deletable' });
    await rec.settle();
    await A.req('unsubscribe.fix.deletable');
    await A.req('subscribe.fix.deletable');
    await A.ctl('put', { rid: 'fix.deletable', resource: { model: { x: 2 } } });
    await A.req('subscribe.fix.parent');
    await A.ctl('del', { rid: 'fix.deletable' });
    await rec.settle();
    await A.req('unsubscribe.fix.parent');
  });
  await rec.section('query', async () => {
    await A.req('subscribe.fix.items?start=0&limit=3');
    await A.req('subscribe.fix.items?limit=3&start=0');
    await A.req('subscribe.fix.items');
    await B.req('subscribe.fix.items?start=3&limit=3');
    await A.req('subscribe.fix.items?limit=0');
    await A.req('get.fix.items?');
    await A.ctl('items', { insert: 'new1', idx: 1 });
    await rec.settle(120);
    await A.ctl('items', { remove: 0, mode: 'collection' });
    await rec.settle(120);
    await A.ctl('items', { insert: 'tail', idx: 10, mode: 'none' });
    await rec.settle(120);
    await A.ctl('items', { insert: 'errr', idx: 0, mode: 'error' });
    await rec.settle(120);
    await A.req('subscribe.fix.qmodel?b=2&a=1');
    await A.ctl('items', { insert: 'm', idx: 0 });
    await rec.settle(120);
    await A.ctl('emit', { subject: 'event.fix.items.add', payload: { idx: 0, value: 'nonquery event' } });
    await rec.settle();
    await A.ctl('emit', { subject: 'event.fix.items.custom', payload: 1 });
    await rec.settle();
    await A.ctl('reset', { resources: ['fix.items'] });
    await rec.settle(120);
    await A.req('unsubscribe.fix.items?limit=3&start=0');
    await A.req('unsubscribe.fix.items');
    await A.ctl('items', { remove: 0, mode: 'notFound' });
    await rec.settle(120);
    await A.req('unsubscribe.fix.items?start=0&limit=3');
    await B.req('unsubscribe.fix.items?start=3&limit=3');
    await A.req('unsubscribe.fix.qmodel?b=2&a=1');
    await A.req('subscribe.fix.refquery');
    await A.req('unsubscribe.fix.refquery');
  });
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
    // the pending subscribe is never answered by resgate 1.8.0
    const P = await C('P2');
    const p = P.req('subscribe.fix.tree');
    await P.req('unsubscribe.fix.tree');
    await Promise.race([p, sleep(1000)]);
    await P.req('subscribe.fix.tree');
    await P.close();
  });
  await rec.section('end', async () => {
    await A.ctl('restore');
  });
  await A.close();
  await B.close();
}
