import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { faults } from './support/faults.mjs';

const NEVER = 3_600_000;

suite('what a browser does to a page', () => {
  const { service, cable, browser, follower, coverUp } = faults();
  const offline = (isOffline) => browser().context.setOffline(isOffline);

  test('a page that was offline for a moment has all that it missed', async () => {
    const tab = await follower();
    await tab.ask();
    await offline(true);
    await tab.until(() => !navigator.onLine);
    const before = await tab.values();
    await service.change();
    await service.change();
    assert.deepEqual(await tab.values(), before, 'it was offline');
    await offline(false);
    await tab.agreesWith(service);
  });

  test('a page that was offline until its connection was given up connects when it is online', async () => {
    // By itself it would try again in half an hour or so.
    const delays = { reconnectDelay: NEVER, reconnectDelayMax: NEVER };
    const tab = await follower({ heartbeatInterval: 1_000, heartbeatTimeout: 1_000, ...delays });
    await tab.ask();
    await offline(true);
    await tab.until(() => globalThis.page.state === 'waiting');
    await service.change();
    await offline(false);
    await tab.agreesWith(service);
    assert.equal(await tab.connects(), 2);
  });

  test('a page that was frozen has all that it missed', async () => {
    const tab = await follower();
    await tab.ask();
    await coverUp();
    await tab.hidden();
    await tab.send('Page.setWebLifecycleState', { state: 'frozen' });
    const before = await tab.values();
    for (let round = 0; round < 3; round++) await service.change();
    assert.deepEqual(await tab.values(), before, 'it was frozen');
    await tab.send('Page.setWebLifecycleState', { state: 'active' });
    await tab.agreesWith(service);
  });

  test('a page whose connection was lost while it was frozen has all that it missed', async () => {
    const tab = await follower();
    await tab.ask();
    await coverUp();
    await tab.hidden();
    await tab.send('Page.setWebLifecycleState', { state: 'frozen' });
    cable.break();
    await service.change();
    await tab.send('Page.setWebLifecycleState', { state: 'active' });
    await service.change();
    cable.mend();
    await tab.agreesWith(service);
  });

  test('a page that was left and comes back is the same page, and has all that it missed', async () => {
    const tab = await follower();
    await tab.ask();
    await tab.page.evaluate(() => (globalThis.isTheSame = true));
    await tab.page.goto(`${cable.address}hello.html`);
    await service.change();
    await tab.page.goBack({ waitUntil: 'commit' });
    await tab.until(() => globalThis.isTheSame);
    await tab.agreesWith(service);
    assert.equal(await tab.connects(), 2);
  });

  for (const [what, meanwhile, connects] of [
    ['keeps', () => {}, 1],
    ['loses', () => cable.cut(), 2],
  ]) {
    test(`a page that sleeps with its machine and ${what} its connection has all that it missed`, async () => {
      const tab = await follower({ heartbeatInterval: 1_000, heartbeatTimeout: 1_000 });
      await tab.ask();
      browser().stop();
      try {
        await service.change();
        meanwhile();
        // Longer than the gateway may be silent.
        await pause(2_500);
        await service.change();
      } finally {
        browser().goOn();
      }
      await tab.agreesWith(service);
      assert.equal(await tab.connects(), connects);
    });
  }

  test('a page that nobody looks at, whose timers go once a second, connects again and keeps up', async () => {
    const tab = await follower();
    await coverUp();
    await tab.hidden();
    await tab.slowedDownTo(500);
    await tab.ask();
    cable.cut();
    await service.change();
    await service.change();
    await tab.agreesWith(service);
    assert.equal(await tab.connects(), 2);
    assert.equal(await tab.page.evaluate(() => document.visibilityState), 'hidden');
  });

  test('a page whose main thread is blocked for ten seconds keeps its connection and has all that it missed', async () => {
    // The gateway is found silent for longer than it may be.
    const tab = await follower({ heartbeatInterval: 1_000, heartbeatTimeout: 1_000 });
    await tab.ask();
    await tab.block(10_000);
    for (let second = 0; second < 9; second++) {
      await service.change();
      await pause(1_000);
    }
    await tab.agreesWith(service);
    assert.equal(await tab.connects(), 1);
  });

  test('a page whose connection is lost while its main thread is blocked has all that it missed', async () => {
    const tab = await follower();
    await tab.ask();
    await tab.block(1_000);
    cable.cut();
    await service.change();
    await tab.agreesWith(service);
    assert.equal(await tab.connects(), 2);
  });
});

suite('what a browser does to a page that was left open', () => {
  const { service, cable, follower, coverUp } = faults(
    '--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/1',
  );

  test('a page whose timers go once a minute connects again when it is looked at', async () => {
    const tab = await follower({ reconnectDelay: NEVER, reconnectDelayMax: NEVER });
    await coverUp();
    await tab.hidden();
    await tab.slowedDownTo(2_500);
    await tab.ask();
    await service.change();
    cable.cut();
    await tab.until(() => globalThis.page.state === 'waiting');
    await service.change();
    await tab.page.bringToFront();
    await tab.agreesWith(service);
    assert.equal(await tab.connects(), 2);
  });
});
