import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { faults } from './support/faults.mjs';

suite('two tabs of one browser', () => {
  const { service, cable, follower } = faults();

  test('two tabs that write and lose their connections by turns come to show the same', async () => {
    const delays = { reconnectDelay: 100, reconnectDelayMax: 100 };
    const tabs = [await follower(delays), await follower(delays)];
    for (const tab of tabs) await tab.ask(20);
    for (let round = 0; round < 5; round++) {
      const made = cable.made;
      cable.cut();
      await service.change();
      // One of both is back already, the other one may not be.
      await tabs[round % 2].until(() => globalThis.page.state === 'connected');
      assert.ok(cable.made > made);
    }
    for (const tab of tabs) await tab.agreesWith(service);
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
