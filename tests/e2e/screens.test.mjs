import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { root } from '../../scripts/lib/places.mjs';
import { stage } from './support/stage.mjs';

suite('screens', () => {
  const { demo, page } = stage();
  const screens = {
    phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
    desk: { viewport: { width: 1280, height: 860 } },
  };

  for (const [name, screen] of Object.entries(screens)) {
    for (const colorScheme of ['light', 'dark']) {
      test(`${name}, ${colorScheme}: the page fits its width`, async () => {
        const window = await demo({ ...screen, colorScheme });
        await window.until(() => document.querySelectorAll('#connection tbody tr').length === 10);
        await window.until(() => document.querySelector('.source code'));
        await settled(window);
        const path = join(root, `test-results/screens/demo-${name}-${colorScheme}.png`);
        await window.page.screenshot({ path, fullPage: true });
        await fits(window, screen);
      });
    }

    test(`${name}: the page fits its width while it is down`, async () => {
      const window = await demo(screen);
      await window.press('hold');
      await window.until(() => document.querySelectorAll('[data-stale="true"]').length === 10);
      await window.page.screenshot({ path: join(root, `test-results/screens/demo-${name}-down.png`), fullPage: true });
      await fits(window, screen);
    });

    test(`${name}: the smallest page fits its width`, async () => {
      const window = await page('hello.html', screen);
      await window.until(
        () => document.querySelector('.source code') && document.querySelector('#message').textContent,
      );
      await window.page.screenshot({ path: join(root, `test-results/screens/hello-${name}.png`), fullPage: true });
      await fits(window, screen);
    });
  }

  /** Nothing flashes any more, so that two screenshots can be compared. */
  const settled = (window) => window.until(() => document.getAnimations().length === 0);

  async function fits(window, { viewport }) {
    assert.equal(await window.page.evaluate(() => document.documentElement.scrollWidth), viewport.width);
  }
});
