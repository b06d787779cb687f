import { requests } from './requests.mjs';
import { resources } from './resources.mjs';

/** Holds the conversation that the recording of Resgate in tests/fixtures is of. */
export async function converse(rec) {
  const C = (name, version) => rec.connect(name, version);
  let A = await C('ctl0');
  await A.ctl('restore');
  await A.close();

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
  await resources(rec, A, B);
  await requests(rec, A);
  await A.close();
  await B.close();
}
