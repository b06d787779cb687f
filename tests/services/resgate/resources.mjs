/** The sections about resources, their events and their queries, with two clients. */
export async function resources(rec, A, B) {
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
    await A.event('fix.collection.afterAdd');
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
}
