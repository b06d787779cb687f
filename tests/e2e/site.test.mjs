import assert from 'node:assert/strict';
import { join, relative } from 'node:path';
import { suite, test } from 'node:test';
import { filesBelow } from '../../scripts/lib/fresh.mjs';
import { root } from '../../scripts/lib/places.mjs';
import { violations } from './support/accessibility.mjs';
import { site } from './support/gateway.mjs';
import { stage } from './support/stage.mjs';

const screens = join(root, 'docs/screens');
/** Of a screenshot, in pixels. */
const TALLEST = 4_000;
/** Pages that tests have put there are not of the site. */
const paths = filesBelow(site)
  .map((path) => relative(site, path).replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.html') && !path.startsWith('e2e/'))
  .map((path) => path.replace(/(^|\/)index\.html$/, '$1'));

suite('the site', () => {
  const { page, gateway } = stage();
  const devices = {
    desk: { viewport: { width: 1280, height: 860 } },
    phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
  };

  test('has the documentation, the reference and the examples', () => {
    for (const path of [
      '',
      'docs/',
      'docs/concepts.html',
      'docs/migration.html',
      'docs/api/',
      'examples/',
      'examples/chat/',
    ]) {
      assert.ok(paths.includes(path), `${path} is among ${paths.length} pages`);
    }
  });

  for (const [device, options] of Object.entries(devices)) {
    for (const colorScheme of ['light', 'dark']) {
      test(`${device}, ${colorScheme}: every page is whole, without a complaint, and nothing in it keeps anybody out`, async () => {
        const found = new Set();
        const window = await page('docs/', { ...options, colorScheme });
        for (const path of paths) {
          await window.page.goto(gateway.address + path);
          await settled(window);
          const { width, height } = await size(window);
          if (width > options.viewport.width) found.add(`/${path} is ${width} px wide`);
          const clip = { x: 0, y: 0, width: options.viewport.width, height: Math.min(height, TALLEST) };
          const file = `${device}-${colorScheme}/${nameOf(path)}.png`;
          await window.page.screenshot({ path: join(screens, file), fullPage: true, clip, scale: 'css' });
          for (const violation of await violations(window)) found.add(`/${path}: ${violation}`);
          for (const complaint of window.complaints.splice(0)) found.add(`/${path}: ${complaint}`);
        }
        assert.deepEqual([...found], []);
      });
    }
  }

  test('every link leads to a page and a place in it that are there, and there is a way to every page', async () => {
    const anchors = new Map();
    const links = [];
    const { page: reader } = await page('');
    for (const path of paths) {
      await reader.goto(gateway.address + path, { waitUntil: 'domcontentloaded' });
      const { ids, hrefs } = await reader.evaluate(() => ({
        ids: [...document.querySelectorAll('[id]')].map(({ id }) => id),
        hrefs: [...document.querySelectorAll('a[href]')].map(({ href }) => href),
      }));
      anchors.set(new URL(path, gateway.address).pathname, ids);
      links.push(...hrefs.map((href) => ({ from: path, to: new URL(href) })));
    }
    const own = links.filter(({ to }) => to.origin === new URL(gateway.address).origin);
    assert.ok(own.length > 500, `${own.length} links`);
    const led = new Set(own.filter(({ from, to }) => `/${from}` !== to.pathname).map(({ to }) => to.pathname));
    assert.deepEqual(
      [...anchors.keys()].filter((path) => !led.has(path)),
      [],
      'there is a way to every page',
    );
    const broken = own.filter(({ to: { pathname, hash } }) => {
      const ids = anchors.get(pathname);
      return !ids || (hash && !ids.includes(decodeURIComponent(hash.slice(1))));
    });
    assert.deepEqual(
      broken.map(({ from, to }) => `/${from} → ${to.pathname}${to.hash}`),
      [],
    );
  });

  test('the documentation is read by keyboard: over the bar into the page, and through code that scrolls', async () => {
    const { page: keyboard } = await page('docs/gateway.html');
    await keyboard.keyboard.press('Tab');
    assert.equal(await focused(keyboard), 'Skip to the content');
    await keyboard.keyboard.press('Enter');
    await keyboard.keyboard.press('Tab');
    assert.ok(await keyboard.evaluate(() => document.activeElement.closest('#content')));
    const scrollable = keyboard.locator('#content [tabindex="0"]').first();
    await scrollable.focus();
    const outline = await scrollable.evaluate((element) => getComputedStyle(element).outlineStyle);
    assert.equal(outline, 'solid');
  });

  test('the documentation is searched by keyboard, from anywhere in it', async () => {
    const window = await page('docs/services.html');
    const { page: reader } = window;
    await reader.keyboard.press('Control+k');
    await reader.keyboard.type('unsubscribe');
    await reader.locator('[data-part="results"] li:first-child a', { hasText: /^unsubscribe/i }).waitFor();
    await reader.keyboard.press('ArrowDown');
    assert.match(await focused(reader), /unsubscribe/i);
    assert.deepEqual(await violations(window), []);
    await reader.keyboard.press('Escape');
    assert.equal(await reader.locator('[data-part="results"]').isVisible(), false);
    await reader.fill('[type=search]', 'zzzz');
    await reader.getByText('Nothing is found for “zzzz”').waitFor();
    assert.deepEqual(await violations(window), []);
    await reader.fill('[type=search]', 'uplot');
    await reader.locator('[data-part="results"] a', { hasText: 'Ticker chart' }).waitFor();
    await reader.fill('[type=search]', 'ResClient.getCached');
    await reader.locator('[data-part="results"] a', { hasText: 'getCached' }).first().click();
    await reader.waitForURL(/\/docs\/api\/#/);
  });

  test('on a phone the contents are unfolded by a key', async () => {
    const { page: phone } = await page('docs/', devices.phone);
    const contents = phone.locator('details.contents');
    assert.equal(await contents.locator('a').first().isVisible(), false);
    await contents.locator('summary').focus();
    await phone.keyboard.press('Enter');
    await contents.locator('a', { hasText: 'Concepts' }).click();
    await phone.waitForURL('**/docs/concepts.html');
  });

  /** What is shown has come, and nothing moves any more. */
  async function settled(window) {
    const isStatic = await window.page.evaluate(() =>
      [...document.scripts].every(({ src }) => src.endsWith('/search.js')),
    );
    if (!isStatic) await window.page.waitForLoadState('networkidle');
    await window.until(() => document.getAnimations().every(({ playState }) => playState !== 'running'));
  }

  const size = (window) =>
    window.page.evaluate(() => ({
      width: document.documentElement.scrollWidth,
      height: document.documentElement.scrollHeight,
    }));

  const nameOf = (path) =>
    path
      .replace(/\.html$/, '')
      .replaceAll('/', '-')
      .replace(/-$/, '') || 'index';

  const focused = (keyboard) => keyboard.evaluate(() => document.activeElement.textContent.trim());
});
