import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { Gateway } from './support/gateway.mjs';
import { looksAt, notes, opener, rows, shows, value } from './support/inspector.mjs';
import { stage } from './support/stage.mjs';

const folder = mkdtempSync(join(tmpdir(), 'inspector-watch-'));
const file = join(folder, 'many.json');
const save = (resources) => writeFileSync(file, JSON.stringify(resources));
const FEW = { 'few.thing': { n: 1, other: { rid: 'few.other' } }, 'few.last': {} };
const many = (count) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`many.${String(at).padStart(5, '0')}`, {}]));
save(FEW);

suite('the page for developers, of a file that is saved again', () => {
  const { page } = stage({ gateway: new Gateway('--resources', file, '--watch') });
  const open = opener(page);
  after(() => rmSync(folder, { recursive: true }));

  test('a model that becomes a collection is shown as that, and back', async () => {
    const [window, other] = [await open('few.thing'), await open('few.thing')];
    await shows(window, 'n', '1');
    for (let turn = 0; turn < 2; turn++) {
      save({ ...FEW, 'few.thing': ['one', 'two'] });
      for (const each of [window, other]) await shows(each, '1', '"two"');
      assert.match(await window.page.textContent('[data-part="kind"]'), /^collection, 2 items/);
      assert.equal(await window.page.textContent('[data-part="error"]'), '');
      save(FEW);
      for (const each of [window, other]) await shows(each, 'n', '1');
    }
    // It is followed as it was before.
    save({ ...FEW, 'few.thing': { n: 2, other: { rid: 'few.other' } } });
    for (const each of [window, other]) await shows(each, 'n', '2');
    save(FEW);
    for (const each of [window, other]) await shows(each, 'n', '1');
  });

  test('what is deleted stays on the page as that until it is there again', async () => {
    const window = await open('few.last');
    save({ 'few.thing': FEW['few.thing'] });
    await notes(window, '[data-part="error"]', 'Deleted (system.deleted)');
    await window.until(() => document.querySelectorAll('#list li').length === 1);
    await notes(window, '[data-part="error"]', 'Deleted (system.deleted)');
    save({ ...FEW, 'few.last': { n: 3 } });
    await shows(window, 'n', '3');
    save(FEW);
    await window.until(() => !document.querySelector('tbody tr'));
  });

  test('a reference whose target appears shows it', async () => {
    const [window, other] = [await open('few.thing'), await open('few.thing')];
    for (const each of [window, other])
      assert.equal(await value(each, 'other').locator('.broken').textContent(), 'Not found');
    save({ ...FEW, 'few.other': { name: 'Ada' } });
    for (const each of [window, other]) await notes(each, 'tbody .preview', '{"name":"Ada"}');
    save({ ...FEW, 'few.other': { name: 'Bea' } });
    for (const each of [window, other]) await notes(each, 'tbody .preview', '{"name":"Bea"}');
    save(FEW);
    await window.until(() => document.querySelectorAll('#list li').length === 2);
  });

  test('thousands of names that come at once are drawn once, and the page is there meanwhile', async () => {
    save({ ...FEW, ...many(10_000) });
    const window = await open('_inspector.resources');
    await notes(window, '[data-part="count"]', '10,002');
    // From now on frames are drawn when this test says so, and all events that have come are counted.
    await window.page.evaluate(() => {
      const held = [];
      globalThis.requestAnimationFrame = (draw) => held.push(draw);
      globalThis.release = () => held.splice(0).map((draw) => draw()).length;
      globalThis.seen = 0;
      const count = (records) =>
        records.forEach(({ addedNodes }) => {
          globalThis.seen += addedNodes.length;
        });
      new MutationObserver(count).observe(document.querySelector('#events'), { childList: true });
    });
    save({ ...FEW, ...many(12_000) });
    await until(() => window.page.evaluate(() => globalThis.seen === 2_000));
    assert.equal(await window.page.textContent('[data-part="count"]'), '10,002');
    // Once for the list, and once for the resource that is looked at.
    assert.equal(await window.page.evaluate(() => globalThis.release()), 2);
    assert.equal(await window.page.textContent('[data-part="count"]'), '12,002');
    assert.match(await window.page.textContent('[data-part="kind"]'), /^collection, 12,002 items/);
    assert.equal((await rows(window)).length, 500);
    await window.page.fill('#filter', 'many.11999');
    await window.page.click('#list a >> text="many.11999"');
    await looksAt(window, 'many.11999');
    // Frames as the browser has them.
    const other = await open('few.last');
    await notes(other, '[data-part="count"]', '12,002');
    save(FEW);
    await notes(other, '[data-part="count"]', '2');
    await notes(other, '#rid', 'few.last');
  });
});

/** Asks until it is true; the page itself would ask with its frames. */
async function until(condition) {
  while (!(await condition()));
}
