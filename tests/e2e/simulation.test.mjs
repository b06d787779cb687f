import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { root } from '../../scripts/lib/places.mjs';
import { stage } from './support/stage.mjs';

suite('the page of the simulation', () => {
  const { page } = stage();

  for (const [name, screen] of Object.entries({
    phone: { viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
    desk: { viewport: { width: 1280, height: 860 }, colorScheme: 'light' },
  })) {
    test(`${name}: a run diverges, heals, and fits its width`, async () => {
      const window = await page('simulation.html?seed=7', screen);
      await window.page.selectOption('select[name=speed]', '64');
      await window.until(() => document.querySelector('[data-verdict="good"]'));
      assert.match(await window.page.textContent('[data-part="verdict"]'), /^none: all agree since /);
      assert.notEqual(
        await window.page.getAttribute('.behind', 'd'),
        'M0 120L0 120V120H1000V120Z',
        'nothing ever differed',
      );
      await window.page.screenshot({ path: join(root, `test-results/screens/simulation-${name}.png`), fullPage: true });
      assert.equal(await window.page.evaluate(() => document.documentElement.scrollWidth), screen.viewport.width);
    });
  }

  test('a seed in the address is the one that is shown, and another one gets there', async () => {
    const window = await page('simulation.html?seed=41');
    await window.until(() => document.querySelector('input[name=seed]').value === '41');
    await window.page.fill('input[name=seed]', '42');
    await window.page.click('text=Begin');
    await window.until(() => new URLSearchParams(location.search).get('seed') === '42');
  });
});
