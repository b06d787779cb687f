import assert from 'node:assert/strict';
import { after, afterEach, before } from 'node:test';
import { launch } from '../../pack/support/browser.mjs';
import { Gateway } from './gateway.mjs';
import { DemoWindow, Window } from './window.mjs';

/** What the tests of a file share: a gateway and a browser. Every test closes its windows and finds no complaint in them. */
export function stage({ gateway = new Gateway() } = {}) {
  const stage = {
    gateway,
    browser: undefined,
    /** A window with the demo, from the gateway or from a server in front of it. */
    demo: async ({ from = stage.gateway, ...options } = {}) =>
      keep(await DemoWindow.open(stage.browser, from.address, options)),
    /** A window with another page of the site. */
    page: async (path, { from = stage.gateway, ...options } = {}) =>
      keep(await Window.open(stage.browser, from.address + path, options)),
  };
  let windows = [];
  const keep = (window) => {
    windows.push(window);
    return window;
  };
  before(async () => {
    await stage.gateway.start();
    stage.browser = await launch();
  });
  after(async () => {
    await stage.browser?.close();
    await stage.gateway.stop();
  });
  afterEach(async () => {
    const closing = windows;
    windows = [];
    await Promise.all(closing.map((window) => window.close()));
    assert.deepEqual(
      closing.flatMap(({ complaints }) => complaints),
      [],
    );
  });
  return stage;
}
