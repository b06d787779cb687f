import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { root } from '../../scripts/lib/places.mjs';
import { stage } from './support/stage.mjs';

suite('pages', () => {
  const { demo, page } = stage();

  test('the smallest page shows its model, and a change made in another window', async () => {
    const [one, other] = [await page('hello.html'), await page('hello.html')];
    await one.until(() => document.querySelector('#message').textContent === 'Hello, World!');
    await other.page.fill('#input', 'Hello, RES!');
    await other.page.keyboard.press('Enter');
    await one.until(() => document.querySelector('#message').textContent === 'Hello, RES!');
    await one.neverReloaded();
    await other.neverReloaded();
  });

  test('the code that is shown is the code that runs', async () => {
    for (const [window, file] of [
      [await demo(), 'www/demo/library.js'],
      [await page('hello.html'), 'www/hello.js'],
    ]) {
      await window.until(() => document.querySelector('.source code'));
      const shown = await window.page.textContent('.source');
      assert.equal(shown, readFileSync(join(root, file), 'utf8').trimEnd());
    }
  });

  for (const colorScheme of ['light', 'dark']) {
    test(`text is readable in ${colorScheme}: contrast of at least 4.5`, async () => {
      for (const window of [await demo({ colorScheme }), await page('hello.html', { colorScheme })]) {
        const { least, count } = await window.page.evaluate(contrasts);
        assert.ok(count > 5, 'there is text');
        assert.ok(least.ratio >= 4.5, JSON.stringify(least));
      }
    });
  }

  test('every input and button has a name', async () => {
    for (const window of [await demo(), await page('hello.html')]) {
      const nameless = await window.page.evaluate(() =>
        [...document.querySelectorAll('input, button')]
          .filter((e) => !e.getAttribute('aria-label') && !e.labels?.length && !e.textContent.trim())
          .map((e) => e.outerHTML),
      );
      assert.deepEqual(nameless, []);
    }
  });
});

/** In the page: the text with the least contrast to the ground it stands on, by the formula of WCAG 2. */
function contrasts() {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const luminance = (colour) => {
    const [r, g, b] = [...rgba(colour)].map(
      (v) => (v /= 255) && (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4),
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (rgba(colour)[3] === 255) return colour;
    }
    return 'white';
  };
  const hasText = (element) =>
    element.value || [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const seen = [...document.body.querySelectorAll('*')]
    .filter((element) => element.checkVisibility() && !element.matches('script, template') && hasText(element))
    .map((element) => {
      const [a, b] = [getComputedStyle(element).color, ground(element)].map(luminance);
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      return { ratio, text: (element.value || element.textContent).trim().slice(0, 40) };
    });
  return { count: seen.length, least: seen.sort((a, b) => a.ratio - b.ratio)[0] };
}
