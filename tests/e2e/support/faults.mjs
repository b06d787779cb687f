import { after, afterEach, before } from 'node:test';
import { Cable } from './cable.mjs';
import { Follower } from './follower.mjs';
import { Gateway } from './gateway.mjs';
import { OrdinaryBrowser } from './ordinary.mjs';
import { Service } from './service.mjs';

/** What the tests of faults share: a gateway, its service, a cable to it, and the browser of a user, started with the flags given. */
export function faults(...flags) {
  const gateway = new Gateway();
  const shared = {
    gateway,
    service: new Service(gateway),
    cable: new Cable(gateway),
    browser: () => browser,
    /** A tab with the page that follows, behind the cable. */
    follower: async (options) => keep(await Follower.open(browser.context, shared.cable.address, options)),
    /** Another tab, which hides the one there was. */
    coverUp: async () => keep({ page: await browser.context.newPage() }).page.bringToFront(),
  };
  let browser;
  let tabs = [];
  const keep = (tab) => {
    tabs.push(tab);
    return tab;
  };
  before(async () => {
    await gateway.start();
    await shared.cable.start();
    browser = await OrdinaryBrowser.launch(...flags);
  });
  after(async () => {
    await browser?.close();
    await shared.cable.stop();
    await gateway.stop();
  });
  afterEach(async () => {
    const closing = tabs;
    tabs = [];
    shared.cable.mend();
    await Promise.all(closing.map(({ page }) => page.close()));
  });
  return shared;
}
