import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { until } from '../services/support/until.mjs';
import { filesBelow } from '../../scripts/lib/fresh.mjs';
import { Front } from './support/front.mjs';
import { site } from './support/gateway.mjs';
import { Service } from './support/service.mjs';
import { stage } from './support/stage.mjs';

const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "connect-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
];

suite('content security policy', () => {
  const { demo, page, gateway } = stage();
  const service = new Service(gateway);
  const front = new Front(gateway, [...POLICY, "frame-ancestors 'none'"].join('; '));
  // Another port is another origin.
  const elsewhere = new Front(gateway, 'frame-src *');
  before(() => Promise.all([front.start(), elsewhere.start()]));
  after(() => Promise.all([front.stop(), elsewhere.stop()]));

  test('every page of the site has the strictest policy, and the gateway lets none be framed', async () => {
    // Those that tests have put there are not of the site.
    const pages = filesBelow(site).filter((path) => path.endsWith('.html') && !relative(site, path).startsWith('e2e'));
    assert.ok(pages.length > 30);
    for (const path of pages) {
      const [, content] =
        /http-equiv="Content-Security-Policy"\s+content="(.*?)"/.exec(readFileSync(path, 'utf8')) ?? [];
      // A form may lead to the site itself; Vue makes a trusted type of its own.
      assert.equal(
        content?.replace("form-action 'self'", "form-action 'none'").replace(/ vue$/, " 'none'"),
        POLICY.join('; '),
        relative(site, path),
      );
    }
    const { headers } = await fetch(gateway.address);
    assert.equal(headers.get('content-security-policy'), "frame-ancestors 'none'");
  });

  test('what the policy forbids does not happen, and is reported', async () => {
    const window = await page('e2e/attempts.html', { before: listen, from: front });
    await window.until(() => globalThis.outcome);
    assert.deepEqual(await window.page.evaluate(() => globalThis.outcome), {
      'a script in the markup': 'nothing',
      'markup from text': 'TypeError',
      'a trusted type of its own': 'TypeError',
      'a function from text': 'EvalError',
      'a script in the page': 'nothing',
      'a style in the page': 'nothing',
      'a base for addresses': 'nothing',
      'a request elsewhere': 'TypeError',
    });
    const forbidden = await window.page.evaluate(() => globalThis.violations);
    assert.deepEqual(forbidden, [
      'script-src-elem',
      'require-trusted-types-for',
      'trusted-types',
      'require-trusted-types-for',
      'require-trusted-types-for',
      'style-src-elem',
      'base-uri',
      'connect-src',
    ]);
    window.complaints.length = 0;
  });

  for (const entry of ['index', 'slim']) {
    test(`the package works under that policy in a header: ${entry}`, async () => {
      const { text } = await service.values();
      const window = await page(`e2e/strict.html?${entry}`, { before: listen, from: front });
      await window.until((text) => document.querySelector('#text').textContent === text, text);
      const changed = await service.change();
      await window.until((text) => document.querySelector('#text').textContent === text, changed);
      await untouched(window);
    });
  }

  test('the demo edits, breaks and heals under that policy in a header', async () => {
    const [one, other] = [await demo({ before: listen, from: front }), await demo({ before: listen, from: front })];
    const rid = await one.add('Under a policy', 'Somebody');
    await other.shows(rid, 'title', 'Under a policy');
    await one.press('hold');
    await one.connection('waiting');
    await other.edit(rid, 'title', 'Edited meanwhile');
    await one.press('hold');
    await one.shows(rid, 'title', 'Edited meanwhile');
    for (const window of [one, other]) await untouched(window);
  });

  test('what looks like markup or script is text, wherever it comes from', async () => {
    const window = await demo({ before: listen });
    const elements = () => document.querySelectorAll('img, iframe, svg, script, style, a, base, object').length;
    const count = await window.page.evaluate(elements);
    for (const [number, text] of PAYLOADS.entries()) {
      const rid = await window.add(text, `${text} ${number}`);
      await window.shows(rid, 'author', `${text} ${number}`);
      await service.write(text);
      await window.until((text) => document.querySelector('#shared-text').value === text, text);
      await window.page.click(`.row[data-rid="${rid}"] .delete`);
      await window.until((rid) => !document.querySelector(`.row[data-rid="${rid}"]`), rid);
    }
    assert.equal(await window.page.evaluate(elements), count);
    assert.equal(await window.page.evaluate(() => globalThis.broken), undefined);
    await untouched(window);
  });

  test('a page of another origin cannot have the demo in a frame', async () => {
    const window = await page('e2e/plain.html', { from: elsewhere });
    await window.page.evaluate((address) => {
      const frame = document.createElement('iframe');
      frame.src = address;
      document.body.append(frame);
    }, gateway.address);
    await until(() => window.page.frames()[1]?.url().startsWith('chrome-error:'));
    assert.ok(window.complaints.some((complaint) => complaint.includes('frame-ancestors')));
    window.complaints.length = 0;
  });
});

/** Nothing was forbidden. */
async function untouched(window) {
  assert.deepEqual(await window.page.evaluate(() => globalThis.violations), []);
}

/** In the page, before its own scripts: records what a policy forbids. */
function listen() {
  globalThis.violations = [];
  addEventListener('securitypolicyviolation', ({ effectiveDirective }) =>
    globalThis.violations.push(effectiveDirective),
  );
}

const PAYLOADS = [
  '<img src=x onerror="globalThis.broken = 1">',
  '<script>globalThis.broken = 1</script>',
  '"><svg onload="globalThis.broken = 1">',
  "' autofocus onfocus='globalThis.broken = 1",
  '</title><base href="//elsewhere.test/">',
  '<iframe srcdoc="<script>parent.broken = 1</script>"></iframe>',
  '<style>@import "//elsewhere.test/"</style>',
  'javascript:globalThis.broken=1',
  '{{constructor.constructor("globalThis.broken = 1")()}}',
  '${globalThis.broken = 1}',
  '&lt;img src=x onerror=globalThis.broken=1&gt;',
  '\u202e<b>\u0000\ufeff</b>',
];
