import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { faults } from './support/faults.mjs';

suite('a gateway that is restarted under an open page', () => {
  const { gateway, service, follower } = faults();

  for (const [how, end] of [
    ['is killed', () => gateway.kill()],
    ['ends in good order', () => gateway.stop()],
  ]) {
    test(`a page whose gateway ${how} and starts again shows what the new one has`, async () => {
      const tab = await follower();
      const forgotten = await service.change();
      await tab.ask();
      await end();
      await tab.until(() => globalThis.page.state === 'waiting');
      await gateway.start();
      await service.change();
      await tab.agreesWith(service);
      assert.ok(!JSON.stringify(await tab.values()).includes(forgotten), 'the services begin anew');
      assert.equal(await tab.connects(), 2);
    });
  }

  test('a page shows what the last of five gateways has, of which some went while the page was connecting', async () => {
    const tab = await follower({ reconnectDelay: 20, reconnectDelayMax: 20 });
    await tab.ask(10);
    for (let round = 0; round < 5; round++) {
      await gateway.kill();
      await gateway.start();
      await service.change();
      // On its way, and nothing says how far it gets with this one.
      await tab.until(() => globalThis.page.state !== 'waiting');
    }
    await tab.agreesWith(service);
  });
});
