import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { root } from '../../scripts/lib/places.mjs';
import { stage } from './support/stage.mjs';

suite('the page of the simulation', () => {
  const { page } = stage();

  for (const [name, screen] of Object.entries({
    phone: { viewport: { width: 390, height: 844 }, colorScheme: 'dark', reducedMotion: 'no-preference' },
    desk: { viewport: { width: 1280, height: 860 }, colorScheme: 'light', reducedMotion: 'reduce' },
  })) {
    test(`${name}: a run diverges, heals, and fits its width`, async () => {
      const window = await page('simulation.html?seed=18', screen);
      await window.until(() => document.querySelector('[data-part="behind"]').textContent === 'none');
      await window.page.evaluate(() => {
        const behind = document.querySelector('[data-part="behind"]');
        const look = () => /^\d+ at the moment$/.test(behind.textContent) && (window.hasDiffered = true);
        new MutationObserver(look).observe(behind, { childList: true });
      });
      await window.page.selectOption('select[name=speed]', '64');
      if (screen.reducedMotion === 'reduce') await window.page.click('[data-action="play"]');
      await window.until(() => document.querySelector('[data-verdict="good"]'));
      assert.match(await window.page.textContent('[data-part="verdict"]'), /^All agree since \d/);
      assert.ok(await window.page.evaluate(() => window.hasDiffered), 'nothing ever differed');
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

  test('what is no seed is said to be none', async () => {
    const window = await page('simulation.html?seed=many');
    await window.until(() => document.querySelector('.note').textContent.startsWith('A seed is a whole number from 1'));
    assert.equal(await window.page.inputValue('input[name=seed]'), '1');
    await window.page.fill('input[name=seed]', '2');
    await window.page.click('text=Begin');
    await window.until(() => document.querySelector('.note').textContent === '');
  });
});
