import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { root } from '../../scripts/lib/places.mjs';
import { Gateway } from './support/gateway.mjs';
import { violations } from './support/accessibility.mjs';
import { edit, looksAt, names, notes, opener, rows, shows, value } from './support/inspector.mjs';
import { stage } from './support/stage.mjs';

const folder = mkdtempSync(join(tmpdir(), 'inspector-'));
const file = join(folder, 'shop.json');
const RESOURCES = {
  'shop.basket': {
    owner: { rid: 'shop.customer.1' },
    items: { rid: 'shop.items' },
    paid: false,
    total: 12.5,
    note: 'Leave it at the door, please',
    coupon: null,
    options: { data: { gift: true, wrap: ['red', 'gold'] } },
    lost: { rid: 'shop.nowhere' },
    history: { rid: 'shop.history', soft: true },
  },
  'shop.customer.1': { name: 'Ada Lovelace', mail: 'ada@example.com' },
  'shop.items': [
    { rid: 'shop.item.1' },
    { rid: 'shop.item.2' },
    'a loose thing',
    3,
    { data: { sku: 17, size: [1, 2, 3] } },
  ],
  'shop.item.1': { title: 'Tea', price: 4.5 },
  'shop.item.2': {
    title: 'Something whose title is so long that it takes two lines on a phone, or three',
    price: 8,
  },
  'shop.history': [],
};
const save = (resources) => writeFileSync(file, JSON.stringify(resources));
save(RESOURCES);

suite('the page for developers', () => {
  const { gateway, page } = stage({ gateway: new Gateway('--resources', file, '--watch') });
  after(() => rmSync(folder, { recursive: true }));

  const open = opener(page);

  test('lists what there is, and what the file says when it is saved', async () => {
    const window = await open();
    assert.deepEqual(await names(window), [
      ...['shop.basket', 'shop.customer.1', 'shop.history', 'shop.item.1', 'shop.item.2', 'shop.items'],
    ]);
    await window.page.focus('#list li:nth-child(3) a');
    save({ ...RESOURCES, 'cafe.tea': { price: 2 } });
    await window.until(() => document.querySelector('#list li').textContent === 'cafe.tea');
    // Whoever walks through the list is not thrown out of it.
    assert.equal(await window.page.evaluate(() => document.activeElement.textContent), 'shop.history');
    await window.page.click('text=cafe.tea');
    await shows(window, 'price', '2');
    save(RESOURCES);
    await window.until(() => document.querySelector('#list li').textContent === 'shop.basket');
    await notes(window, '[data-part="error"]', 'Deleted (system.deleted)');
    // It is there again without anything to press.
    save({ ...RESOURCES, 'cafe.tea': { price: 3 } });
    await shows(window, 'price', '3');
    await notes(window, '[data-part="error"]', '');
    save(RESOURCES);
    await window.until(() => document.querySelector('#list li').textContent === 'shop.basket');
  });

  test('is browsed by links, and back', async () => {
    const window = await open();
    await window.page.click('text=shop.basket');
    await looksAt(window, 'shop.basket');
    assert.deepEqual(await rows(window), [
      ['coupon', 'null'],
      ['history', 'shop.history'],
      ['items', 'shop.items'],
      ['lost', 'shop.nowhere'],
      ['note', '"Leave it at the door, please"'],
      ['options', '{ "gift": true, "wrap": [ "red", "gold" ] }'],
      ['owner', 'shop.customer.1'],
      ['paid', 'false'],
      ['total', '12.5'],
    ]);
    assert.equal(await value(window, 'lost').locator('.broken').textContent(), 'Not found');
    await value(window, 'items').getByRole('link').click();
    await looksAt(window, 'shop.items');
    assert.deepEqual((await rows(window))[0], ['0', 'shop.item.1']);
    assert.equal(await value(window, '0').locator('.preview').textContent(), '{"price":4.5,"title":"Tea"}');
    assert.equal(await window.page.title(), 'shop.items · res-gateway');
    assert.equal(
      await window.page.getAttribute('[data-part="json"]', 'href'),
      new URL('api/shop/items', gateway.address).href,
    );
    await value(window, '0').getByRole('link').click();
    await shows(window, 'title', '"Tea"');
    await window.page.goBack();
    await looksAt(window, 'shop.items');
    await window.page.goBack();
    await looksAt(window, 'shop.basket');
    assert.equal(await window.page.textContent('#list [aria-current]'), 'shop.basket');
    assert.equal((await rows(window)).length, 9);
  });

  test('a name that no path has is not linked to over HTTP, and any that is typed can be left again', async () => {
    save({ ...RESOURCES, 'shop.a/b': { here: true } });
    const window = await open();
    await window.page.click('text=shop.a/b');
    await shows(window, 'here', 'true');
    assert.equal(await window.page.isVisible('[data-part="json"]'), false);
    await window.page.click('text="shop.basket"');
    await looksAt(window, 'shop.basket');
    assert.equal(await window.page.isVisible('[data-part="json"]'), true);
    save(RESOURCES);
    // Half of a character.
    await window.page.fill('#filter', '\ud800');
    await window.page.keyboard.press('Enter');
    await window.until(() => document.querySelector('#rid').textContent === '\ufffd');
    await window.page.goBack();
    await looksAt(window, 'shop.basket');
    await window.until(() => document.querySelectorAll('#list li').length === 1);
    await window.page.fill('#filter', '');
    await window.until(() => document.querySelectorAll('#list li').length === 6);
  });

  test('is used with the keyboard alone', async () => {
    const window = await open();
    const { keyboard } = window.page;
    await keyboard.press('Tab');
    await keyboard.press('Tab');
    await keyboard.press('Tab');
    await keyboard.type('item');
    await window.until(() => document.querySelectorAll('#list li').length === 4);
    await keyboard.press('ArrowDown');
    await keyboard.press('ArrowDown');
    await keyboard.press('Enter');
    await looksAt(window, 'shop.item.2');
    await keyboard.press('ArrowUp');
    await keyboard.press('ArrowUp');
    // Any name may be typed, listed or not.
    await keyboard.press('Control+A');
    await keyboard.type('shop.item.1?a=b.c');
    await keyboard.press('Enter');
    await window.until(() => document.querySelector('#rid').textContent === 'shop.item.1?a=b.c');
    await window.page.keyboard.press('Shift+Tab');
    await window.page.keyboard.press('Shift+Tab');
    await keyboard.press('Enter');
    await keyboard.press('Tab');
    assert.match(await window.page.evaluate(() => document.activeElement.textContent), /JSON over HTTP/);
  });

  test('an edit is seen by another page, and logged there', async () => {
    const [one, other] = [await open('shop.item.1'), await open('shop.item.1')];
    await edit(one, 'title', 'Green tea');
    for (const window of [one, other]) await shows(window, 'title', '"Green tea"');
    assert.match(await other.page.textContent('#events li'), /change\{"values":\{"title":"Green tea"\}\}$/);
    // What is JSON is that, and what is in quotes a text.
    await edit(one, 'title', '7');
    await shows(other, 'title', '7');
    await edit(one, 'title', '"7"');
    await shows(other, 'title', '"7"');
    await edit(one, 'title', '{"rid":"shop.items"}');
    await other.until(() => document.querySelector('tbody a')?.textContent === 'shop.items');
    await edit(one, 'title', '[1,2]');
    await shows(other, 'title', '[ 1, 2 ]');
    await edit(one, 'title', 'Tea');
    for (const window of [one, other]) await shows(window, 'title', '"Tea"');
    // A focus that was in the field is where the field was.
    assert.equal(await one.page.evaluate(() => document.activeElement.textContent), '"Tea"');
  });

  test('what others change does not disturb what is being typed', async () => {
    const [one, other] = [await open('shop.item.1'), await open('shop.item.1')];
    await value(one, 'price').getByRole('button', { name: 'Edit price' }).click();
    await one.page.keyboard.type('99');
    await edit(other, 'price', '5');
    await notes(one, 'tr td .note:not(:empty)', 'It has become 5 meanwhile. Esc takes that over.');
    assert.equal(await one.page.inputValue('td textarea'), '99');
    await one.page.keyboard.press('Escape');
    await shows(one, 'price', '5');
    await edit(one, 'price', '4.5');
    await shows(other, 'price', '4.5');
  });

  test('members and items are added and removed', async () => {
    const [one, other] = [await open('shop.customer.1'), await open('shop.customer.1')];
    await one.page.fill('#add [name="key"]', 'city');
    await one.page.fill('#add [name="value"]', 'London');
    await one.page.keyboard.press('Enter');
    for (const window of [one, other]) await shows(window, 'city', '"London"');
    await other.page.getByRole('button', { name: 'Remove city' }).click();
    for (const window of [one, other]) await window.until(() => document.querySelectorAll('tbody tr').length === 2);

    for (const window of [one, other]) {
      await window.page.click('#list >> text="shop.history"');
      await looksAt(window, 'shop.history');
    }
    for (const [key, text] of [
      ['', 'two'],
      ['0', 'one'],
      ['', '{"rid":"shop.item.1"}'],
    ]) {
      await one.page.fill('#add [name="key"]', key);
      await one.page.fill('#add [name="value"]', text);
      const count = (await rows(one)).length;
      await one.page.click('#add button');
      await one.until((count) => document.querySelectorAll('tbody tr').length === count + 1, count);
    }
    await other.until(() => document.querySelectorAll('tbody tr').length === 3);
    assert.deepEqual(await rows(other), [
      ['0', '"one"'],
      ['1', '"two"'],
      ['2', 'shop.item.1'],
    ]);
    await other.page.getByRole('button', { name: 'Remove 0' }).click();
    await one.until(() => document.querySelectorAll('tbody tr').length === 2);
    assert.deepEqual(await rows(one), [
      ['0', '"two"'],
      ['1', 'shop.item.1'],
    ]);
    for (const left of [1, 0]) {
      await other.page.getByRole('button', { name: 'Remove 0' }).click();
      await other.until((left) => document.querySelectorAll('tbody tr').length === left, left);
    }
    assert.equal(await other.page.textContent('[data-part="empty"]'), 'It has no items.');
  });

  test('what is refused is said where it was asked for', async () => {
    const window = await open('shop.items');
    await window.page.fill('#add [name="key"]', '99');
    await window.page.fill('#add [name="value"]', 'x');
    await window.page.click('#add button');
    await notes(window, '#add .note', 'the position is outside of shop.items');
    await window.page.click('text=shop.item.1 >> nth=0');
    await looksAt(window, 'shop.item.1');
    await edit(window, 'title', '{"rid":"no such name"}');
    await window.until(() => document.querySelector('tbody [aria-invalid="true"]'));
    assert.match(await window.page.textContent('tbody .note:not(:empty)'), /title/);
    await window.page.keyboard.press('Control+A');
    await window.page.keyboard.type('{oops');
    await window.page.keyboard.press('Enter');
    await notes(
      window,
      'tbody .note:not(:empty)',
      'This begins with { and is no JSON. Put a text in quotes to have it as it stands.',
    );
    await window.page.keyboard.press('Escape');
    await shows(window, 'title', '"Tea"');
  });

  test('any method is called, with its result or error', async () => {
    const window = await open('shop.item.1');
    await window.page.fill('[name="method"]', 'set');
    await window.page.fill('[name="params"]', '{"price": 6}');
    await window.page.click('#call button');
    await shows(window, 'price', '6');
    await notes(window, '.answer pre', 'null');
    await window.page.fill('[name="params"]', '{"price": 4.5}');
    await window.page.click('#call button');
    await shows(window, 'price', '4.5');
    await window.page.fill('[name="method"]', 'steep');
    await window.page.click('#call button');
    await notes(window, '#call .note', 'Method not found (system.methodNotFound)');
    assert.equal(await window.page.isVisible('.answer'), false);
    await window.page.fill('[name="params"]', '{price: 6}');
    await window.page.click('#call button');
    await notes(window, '#call .note', 'The parameters are no JSON, such as {"name": "value"}.');
  });

  test('survives a restart of the gateway', async () => {
    const window = await open('shop.item.1');
    await edit(window, 'price', '7');
    await shows(window, 'price', '7');
    await gateway.kill();
    await window.until(() => document.querySelector('#state').dataset.connection === 'lost');
    // What is seen stays, and what is tried is refused.
    await shows(window, 'price', '7');
    await edit(window, 'price', '8');
    await notes(window, 'tbody .note:not(:empty)', 'There is no connection to the gateway.');
    await window.page.keyboard.press('Escape');
    await gateway.start();
    // The file is as it was.
    await shows(window, 'price', '4.5');
    assert.equal(await window.page.textContent('#state [role="status"]'), 'Live');
    await edit(window, 'price', '5');
    await shows(window, 'price', '5');
    await edit(window, 'price', '4.5');
    await shows(window, 'price', '4.5');
    await window.neverReloaded();
    const unexpected = window.complaints.filter((text) => !/^WebSocket connection to .* failed/.test(text));
    window.complaints.splice(0, window.complaints.length, ...unexpected);
  });

  const screens = {
    phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
    desk: { viewport: { width: 1280, height: 860 } },
  };
  for (const [name, screen] of Object.entries(screens)) {
    for (const colorScheme of ['light', 'dark']) {
      test(`${name}, ${colorScheme}: the page fits its width, and nothing in it keeps anybody out`, async () => {
        const window = await open('', { ...screen, colorScheme });
        const shoot = async (what) => {
          const path = join(root, `docs/screens/${name}-${colorScheme}/gateway-${what}.png`);
          await window.page.screenshot({ path, fullPage: true, scale: 'css' });
          assert.deepEqual(await violations(window), []);
          assert.equal(await window.page.evaluate(() => document.documentElement.scrollWidth), screen.viewport.width);
        };
        await shoot('list');
        await window.page.click('text=shop.items');
        await looksAt(window, 'shop.items');
        await shoot('collection');
        await window.page.goto(`${gateway.address}#shop.basket`);
        await looksAt(window, 'shop.basket');
        await edit(window, 'coupon', '{oops');
        await window.until(() => document.querySelector('tbody .note:not(:empty)'));
        await window.page.evaluate(() => scrollTo(0, 0));
        await shoot('model');
      });
    }
  }
});

suite('the page for developers elsewhere', () => {
  const { gateway, page } = stage({
    gateway: new Gateway('--demo', '--wspath', '/live', '--apipath', '/rest', '--alloworigin', 'http://app.example'),
  });

  test('says what to do where its origin is not allowed', async () => {
    const window = await page('');
    await window.until(() => !document.querySelector('#notice').hidden);
    const { origin } = new URL(gateway.address);
    assert.match(await window.page.textContent('#notice'), new RegExp(`--alloworigin "${origin}"`));
    window.complaints.length = 0;
  });
});

suite('the page for developers at other paths', () => {
  const { gateway, page } = stage({ gateway: new Gateway('--demo', '--wspath', '/live', '--apipath', '/') });

  test('finds the WebSocket and the API, and logs in and posts to the chat', async () => {
    const window = await page('#chat');
    await window.until(() => document.querySelector('#state').dataset.connection === 'connected');
    await window.page.selectOption('[name="type"]', 'auth');
    await window.page.fill('[name="method"]', 'login');
    await window.page.fill('[name="params"]', '{"name":"Mary"}');
    await window.page.click('#call button');
    await window.until(() => document.querySelector('.answer pre')?.textContent.includes('Mary'));
    await window.page.click('text="chat.messages"');
    await window.until(() => document.querySelectorAll('tbody tr').length === 3);
    assert.equal(
      await window.page.getAttribute('[data-part="json"]', 'href'),
      new URL('chat/messages', gateway.address).href,
    );
    await window.page.selectOption('[name="type"]', 'call');
    await window.page.fill('[name="method"]', 'post');
    await window.page.fill('[name="params"]', '{"text":"Hello"}');
    await window.page.click('#call button');
    await window.until(() => document.querySelectorAll('tbody tr').length === 4);
    assert.match(await window.page.textContent('tbody tr:last-child .preview'), /"author":"Mary".*"text":"Hello"/);
    // A resource that a call answers with is a link to it.
    await window.page.click('text="library.books"');
    await window.until(() => document.querySelectorAll('tbody tr').length === 5);
    await window.page.fill('[name="method"]', 'new');
    await window.page.fill('[name="params"]', '{"title":"Foundation","author":"Isaac Asimov"}');
    await window.page.click('#call button');
    await window.until(() => document.querySelectorAll('tbody tr').length === 6);
    await window.page.click('.answer a');
    await window.until(() => document.querySelector('#rid').textContent === 'library.book.6');
    await window.until(() => document.querySelector('tbody')?.textContent.includes('Asimov'));
  });
});
