import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { root } from '../../scripts/lib/places.mjs';
import { stage } from './support/stage.mjs';

/** What `npm run bench` writes, with figures that are nobody's. */
const RUN = {
  machine: { engine: 'Chromium 1', cpu: 'A machine', cores: 2, node: 'v20', at: '2026-01-02T03:04:05.000Z' },
  rows: {
    T1: { what: 'load', value: 4.5, target: 7, met: false, spread: [4, 5], unit: '× as fast', ours: 8, resclient: 36 },
    T5: { what: 'reconnect', value: 400, target: 350, met: true, spread: [380, 420], unit: '× as fast', ours: 1 },
    T11: { what: 'disconnect', value: 2, target: 50, met: true, unit: 'ms', ours: 2 },
  },
};

suite('the page of the benchmark', () => {
  const { page } = stage();
  /** The page, as if these runs had been made. */
  const shown = async (runs, screen) => {
    const window = await page('benchmark.html', screen);
    // What is still being loaded would be told to have failed.
    await window.page.waitForLoadState('networkidle');
    await window.page.route('**/benchmark/runs.json', (route) => route.fulfill({ json: runs }));
    await window.page.reload();
    return window;
  };
  const text = (window, selector) => window.page.locator(selector).allTextContents();

  for (const [name, screen] of Object.entries({
    phone: { viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
    desk: { viewport: { width: 1280, height: 860 }, colorScheme: 'light' },
  })) {
    test(`${name}: shows what was measured, and fits its width`, async () => {
      const window = await shown([RUN], screen);
      await window.until(() => document.querySelectorAll('tbody tr').length === 3);
      assert.deepEqual(await text(window, 'h2'), ['Chromium 1']);
      assert.deepEqual(await text(window, '.name'), ['T1', 'T5', 'T11']);
      assert.deepEqual(await text(window, 'td.value'), ['4.50 × as fast', '400 × as fast', '2.00 ms']);
      assert.deepEqual(await text(window, 'td.target strong'), ['missed', 'met', 'met']);
      assert.equal(await window.page.locator('main svg').count(), 2);
      await window.page.screenshot({ path: join(root, `test-results/screens/benchmark-${name}.png`), fullPage: true });
      assert.equal(await window.page.evaluate(() => document.documentElement.scrollWidth), screen.viewport.width);
    });
  }

  test('without a run it says how there will be one', async () => {
    const window = await shown([], {});
    await window.until(() => document.querySelector('[role=status]').textContent.includes('npm run bench'));
  });
});
