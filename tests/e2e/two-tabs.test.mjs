import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { until } from '../services/support/until.mjs';
import { faults } from './support/faults.mjs';

suite('two tabs of one browser', () => {
  const { service, cable, follower } = faults();

  test('two tabs that write and lose their connections by turns come to show the same', async () => {
    const delays = { reconnectDelay: 100, reconnectDelayMax: 100 };
    const tabs = [await follower(delays), await follower(delays)];
    for (const tab of tabs) await tab.ask(20);
    for (let round = 0; round < 5; round++) {
      const { made } = cable;
      cable.cut();
      await service.change();
      // One of both is on its way back, the other one may not be.
      await until(() => cable.made > made);
    }
    // The first once more, since the other one was still writing.
    for (const tab of [...tabs, tabs[0]]) await tab.agreesWith(service);
    assert.deepEqual(await tabs[0].values(), await tabs[1].values());
  });

  test('a tab keeps up while the other one is hidden, blocked, and closed', async () => {
    const [back, front] = [await follower(), await follower()];
    await front.page.bringToFront();
    await back.hidden();
    await service.change();
    await back.agreesWith(service);
    await front.agreesWith(service);
    await back.block(500);
    await service.change();
    await front.agreesWith(service);
    await back.ask(1);
    await back.page.close();
    await service.change();
    await front.agreesWith(service);
    assert.equal(await front.connects(), 1);
  });
});
