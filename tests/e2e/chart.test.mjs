import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { stage } from './support/stage.mjs';

suite('the chart', () => {
  const { demo } = stage();
  const later = (last) => Number(document.querySelector('#ticker').dataset.last) > last;
  const pixels = () => document.querySelector('canvas').toDataURL();

  for (const reducedMotion of ['reduce', 'no-preference']) {
    test(`moves on as points arrive, with motion: ${reducedMotion}`, async () => {
      const window = await demo({ reducedMotion });
      for (let points = 0; points < 3; points += 1) {
        const last = Number(await window.page.getAttribute('#ticker', 'data-last'));
        const before = await window.page.evaluate(pixels);
        await window.until(later, last);
        await window.until((before) => document.querySelector('canvas').toDataURL() !== before, before);
      }
      assert.equal(await window.page.getAttribute('#ticker', 'data-points'), '120');
    });
  }

  test('the price is the newest point', async () => {
    const window = await demo();
    await window.until(() => /^\d+\.\d\d$/.test(document.querySelector('[data-part="price"]').textContent));
    const shown = await window.part('price');
    await window.until((shown) => document.querySelector('[data-part="price"]').textContent !== shown, shown);
  });

  test('is drawn in the pixels of the screen', async () => {
    const window = await demo({ deviceScaleFactor: 3, viewport: { width: 390, height: 844 } });
    const size = await window.page.evaluate(() => {
      const canvas = document.querySelector('canvas');
      const { width, height } = canvas.getBoundingClientRect();
      return { canvas: [canvas.width, canvas.height], wanted: [Math.round(width * 3), Math.round(height * 3)] };
    });
    assert.deepEqual(size.canvas, size.wanted);
  });

  test('what was missed while the connection was down is filled in', async () => {
    const window = await demo();
    await window.press('hold');
    await window.until(() => document.querySelector('#ticker').classList.contains('stale'));
    const last = Number(await window.page.getAttribute('#ticker', 'data-last'));
    const other = await demo();
    await other.until(later, last + 1500);
    assert.equal(Number(await window.page.getAttribute('#ticker', 'data-last')), last, 'nothing arrives');
    await window.press('hold');
    await window.until(later, last + 1500);
    await window.until(() => document.querySelector('#ticker').dataset.points === '120');
    await window.until(() => !document.querySelector('#ticker').classList.contains('stale'));
  });
});
