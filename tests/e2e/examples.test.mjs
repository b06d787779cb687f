import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { violations } from './support/accessibility.mjs';
import { stage } from './support/stage.mjs';

// The pages as the site has them, against the demo's services, each in two windows.
suite('a live example', () => {
  const { page, gateway } = stage();
  const both = (name) => Promise.all([page(`examples/${name}/`), page(`examples/${name}/`)]);

  test('books: what one adds, edits and deletes the other sees', async () => {
    const [one, other] = await both('book-collection');
    await one.page.fill('#add [name=title]', 'Frankenstein');
    await one.page.fill('#add [name=author]', 'Mary Shelley');
    await one.page.click('#add button');
    await holds(other, '#books li:last-child [name=title]', 'Frankenstein');
    await other.page.fill('#books li:last-child [name=title]', 'The Modern Prometheus');
    await other.page.press('#books li:last-child [name=title]', 'Enter');
    await holds(one, '#books li:last-child [name=title]', 'The Modern Prometheus');
    const count = await one.page.locator('#books li').count();
    await one.page.click('#books li:last-child [data-action=delete]');
    await other.until((count) => document.querySelectorAll('#books li').length === count, count - 1);
  });

  test('books: what is typed and not saved stays, and who deletes by keyboard goes on at the next', async () => {
    const [one, other] = await both('book-collection');
    await one.page.fill('#books li:first-child [name=title]', 'Half a ti');
    await other.page.fill('#books li:first-child [name=author]', 'Somebody else');
    await other.page.press('#books li:first-child [name=author]', 'Enter');
    await holds(one, '#books li:first-child [name=author]', 'Somebody else');
    await holds(one, '#books li:first-child [name=title]', 'Half a ti');
    const next = await one.page.inputValue('#books li:nth-child(2) [name=title]');
    await one.page.focus('#books li:first-child [data-action=delete]');
    await one.page.keyboard.press('Enter');
    await one.until((next) => document.activeElement.value === next, next);
  });

  test('all say that there is no connection, and that there is one again', async () => {
    const names = ['book-collection', 'edit-text', 'ticker-chart', 'pagination', 'chat'];
    const windows = await Promise.all(names.map((name) => page(`examples/${name}/`)));
    for (const window of windows) await shows(window, '#state', '');
    await gateway.kill();
    for (const window of windows) {
      await shows(window, '#state', 'No connection. Trying again …');
      assert.deepEqual(await violations(window), []);
    }
    await gateway.start();
    for (const window of windows) await shows(window, '#state', '');
    for (const window of windows) window.complaints.length = 0;
  });

  test('text: what is written in one window is in the other', async () => {
    const [one, other] = await both('edit-text');
    await one.page.fill('#text', 'Written in one');
    await holds(other, '#text', 'Written in one');
  });

  test('ticker: the line goes on as prices come, and fits its width', async () => {
    const window = await page('examples/ticker-chart/');
    await window.until(() => document.querySelector('#chart canvas'));
    const seen = await picture(window);
    const price = await window.page.textContent('#price');
    await window.until((price) => document.querySelector('#price').textContent !== price, price);
    await window.until((seen) => document.querySelector('#chart canvas').toDataURL() !== seen, seen);
    await window.page.setViewportSize({ width: 390, height: 844 });
    await window.until(() => document.querySelector('#chart canvas').clientWidth < 350);
    assert.equal(await window.page.evaluate(() => document.documentElement.scrollWidth), 390);
  });

  test('pagination: a page follows what happens before it', async () => {
    const [one, other] = [await page('examples/pagination/'), await page('examples/book-collection/')];
    await shows(one, '#place', 'Books 1 to 3');
    await one.page.click('#next');
    await one.until(() => document.querySelector('#place').textContent.startsWith('Books 4'));
    const third = await one.page.textContent('#books li');
    await other.page.click('#books li:first-child [data-action=delete]');
    await one.until((text) => document.querySelector('#books li').textContent !== text, third);
    await one.page.click('#previous');
    await shows(one, '#books li:last-child', third);
    await one.page.focus('#next');
    // Up to the last page and no further, without losing the place of who turns them by keyboard.
    while ((await one.page.getAttribute('#next', 'aria-disabled')) === 'false') {
      const place = await one.page.textContent('#place');
      await one.page.keyboard.press('Enter');
      await one.until((place) => document.querySelector('#place').textContent !== place, place);
    }
    assert.equal(await one.page.evaluate(() => document.activeElement.id), 'next');
    await one.page.reload();
    await shows(one, '#place', 'Books 1 to 3');
    await one.page.selectOption('#limit', '2');
    await shows(one, '#place', 'Books 1 to 2');
  });

  test('chat: only who has a name writes, under that name, also on a new connection', async () => {
    const [one, other] = await both('chat');
    await one.until(() => document.querySelectorAll('#messages li').length > 0);
    assert.equal(await one.page.locator('#post').isVisible(), false);
    await one.page.click('#login button');
    await one.until(() => document.querySelector('#note').textContent !== '');
    assert.deepEqual(await violations(one), []);
    await one.page.fill('#name', '<b>Ada</b>');
    await one.page.press('#name', 'Enter');
    await shows(one, '#note', '');
    await one.page.fill('#text', 'Hello <img src=x onerror=alert(1)>');
    await one.page.press('#text', 'Enter');
    await shows(other, '#messages li:last-child strong', '<b>Ada</b>');
    await shows(other, '#messages li:last-child .text', 'Hello <img src=x onerror=alert(1)>');
    assert.deepEqual(await violations(one), []);
    // The gateway is another one now, which knows of no token and of no message.
    await gateway.kill();
    await gateway.start();
    await one.until(() => !document.querySelector('#messages').textContent.includes('<b>Ada</b>'));
    await one.page.fill('#text', 'Still here');
    await one.page.press('#text', 'Enter');
    await shows(other, '#messages li:last-child .text', 'Still here');
    await shows(other, '#messages li:last-child strong', '<b>Ada</b>');
    await one.page.click('#logout');
    await one.until(() => document.querySelector('#login').checkVisibility());
    for (const window of [one, other]) window.complaints.length = 0;
  });

  for (const framework of ['react', 'vue']) {
    test(`${framework}: a title that changes renders its row and no other`, async () => {
      const [one, other] = await both(`${framework}-books`);
      const counts = () =>
        Object.fromEntries(
          [...document.querySelectorAll('[data-rid]')].map((row) => [
            row.dataset.rid,
            row.querySelector('.renders').textContent,
          ]),
        );
      await one.until(() => document.querySelectorAll('[data-rid]').length > 2);
      await other.until(() => document.querySelectorAll('[data-rid]').length > 2);
      const before = await one.page.evaluate(counts);
      const [rid] = Object.keys(before);
      const field = other.page.locator(`[data-rid="${rid}"] input`).first();
      await field.fill(`Read with ${framework}`);
      await field.press('Enter');
      await one.until(
        ([rid, text]) => document.querySelector(`[data-rid="${rid}"]`).textContent.includes(text),
        [rid, `Read with ${framework}`],
      );
      const after = await one.page.evaluate(counts);
      const rendered = Object.keys(after).filter((rid) => after[rid] !== before[rid]);
      assert.deepEqual(rendered, [rid]);
    });
  }

  const picture = (window) => window.page.evaluate(() => document.querySelector('#chart canvas').toDataURL());
});

function shows(window, selector, text) {
  return window.until(([selector, text]) => document.querySelector(selector)?.textContent === text, [selector, text]);
}

/** Waits for the value of an input. */
function holds(window, selector, value) {
  const isHeld = ([selector, value]) => document.querySelector(selector)?.value === value;
  return window.until(isHeld, [selector, value]);
}
