import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, suite, test } from 'node:test';
import { root } from '../../scripts/lib/places.mjs';
import { makeSite } from '../../scripts/lib/site.mjs';
import { Window } from '../e2e/support/window.mjs';
import { launch } from '../pack/support/browser.mjs';
import { javascript, python } from './support/languages.mjs';
import { stage } from './support/stage.mjs';

const site = join(root, 'target/services-site');
await makeSite(site);

const on = stage('--www', site, '--headauth', 'auth.jwt', '--wsheadauth', 'auth.jwt');

suite('the pages of the examples', () => {
  let browser;
  let windows = [];
  before(async () => (browser = await launch()));
  after(() => browser.close());
  afterEach(async () => {
    const closing = windows;
    windows = [];
    await Promise.all(closing.map((window) => window.close()));
    assert.deepEqual(
      closing.flatMap(({ complaints }) => complaints),
      [],
    );
  });

  /** A window of its own, with no cookies and no storage of others. */
  async function open(name, options) {
    const window = await Window.open(browser, `${on.gateway.address}examples/${name}/`, options);
    windows.push(window);
    return window;
  }

  test('hello, world: the message is there', async () => {
    await on.service(javascript('hello-world'));
    const window = await open('hello-world');
    await shows(window, '#message', 'Hello, World!');
  });

  test('edit text: what is written in one window is in the other', async () => {
    await on.service(javascript('edit-text'));
    const [one, other] = [await open('edit-text'), await open('edit-text')];
    await one.page.fill('#text', 'Written in one');
    await holds(other, '#text', 'Written in one');
    await other.page.fill('#text', 'Answered in the other');
    await holds(one, '#text', 'Answered in the other');
  });

  for (const [language, command] of [
    ['JavaScript', javascript('book-collection')],
    ['Python', python('book-collection')],
  ]) {
    test(`books in ${language}: added, edited and deleted in one window, live in the other and on its pages`, async () => {
      await on.service(command);
      const [one, other, pages] = [
        await open('book-collection'),
        await open('book-collection'),
        await open('pagination'),
      ];
      for (const title of ['Dracula', 'Emma', 'Frankenstein', 'Gulliver']) {
        await one.page.fill('#add [name=title]', title);
        await one.page.fill('#add [name=author]', 'Somebody');
        await one.page.click('#add button');
        await holds(one, '#add [name=title]', '');
      }
      await other.until(() => document.querySelectorAll('#books li').length === 7);
      await shows(pages, '#place', 'Books 1 to 3');
      await pages.page.click('#next');
      await shows(pages, '#place', 'Books 4 to 6');
      await pages.page.click('#next');
      await shows(pages, '#books li', 'Gulliver by Somebody');
      // A book before it goes: the page has none any more, and the one before has it.
      await one.page.click('#books li:first-child [data-action=delete]');
      await shows(pages, '#place', 'No books here');
      await pages.page.click('#previous');
      await shows(pages, '#books li:last-child', 'Gulliver by Somebody');
      await holds(other, '#books li:last-child [name=title]', 'Gulliver');
      await one.page.fill('#books li:first-child [name=title]', 'Brave Old World');
      await one.page.press('#books li:first-child [name=title]', 'Enter');
      await holds(other, '#books li:first-child [name=title]', 'Brave Old World');
    });
  }

  test('books: what is refused says why, where it was tried', async () => {
    await on.service(javascript('book-collection'));
    const window = await open('book-collection');
    await window.page.click('#add button');
    await shows(window, '#note', 'title must be a text that is not empty');
    await window.page.fill('#books li:first-child [name=author]', '');
    await window.page.click('#books li:first-child form > .button');
    await shows(window, '#books li:first-child .note', 'author must be a text that is not empty');
  });

  test('password: the counter is there from login to logout', async () => {
    await on.service(javascript('password-authentication'));
    const window = await open('password-authentication');
    await shows(window, '#message', 'Log in to see the counter');
    await window.page.fill('#password', 'guess');
    await window.page.press('#password', 'Enter');
    await shows(window, '#note', 'Wrong password');
    await window.page.fill('#password', 'secret');
    await window.page.press('#password', 'Enter');
    await window.until(() => /^[1-9]\d* s since/.test(document.querySelector('#message').textContent));
    await window.page.click('#logout button');
    await shows(window, '#message', 'Log in to see the counter');
    await window.until(() => document.querySelector('#login').checkVisibility());
  });

  test('session: it survives loading the page again, and ends with the logout', async () => {
    await on.service(javascript('client-session'));
    const window = await open('client-session');
    await window.page.fill('[name=name]', 'jane');
    await window.page.fill('[name=password]', 'jane');
    await window.page.press('[name=password]', 'Enter');
    await shows(window, '#name', 'Jane Doe');
    await window.page.reload();
    await shows(window, '#name', 'Jane Doe');
    await window.until(() => /^\d+ s since/.test(document.querySelector('#message').textContent));
    await window.page.click('#logout button');
    await shows(window, '#message', 'Log in to see the counter');
    await window.page.reload();
    await shows(window, '#message', 'Log in to see the counter');
  });

  test('token in a cookie: login, edit, renewal, reload and logout', async () => {
    await on.service(javascript('jwt-authentication'));
    const window = await open('jwt-authentication');
    await logIn(window, 'editor');
    await holds(window, '#message', 'For members only');
    await window.page.fill('#message', 'By the editor');
    await window.page.click('#set');
    const other = await open('jwt-authentication');
    await logIn(other, 'reader');
    await holds(other, '#message', 'By the editor');
    await other.page.fill('#message', 'By the reader');
    await other.page.click('#set');
    await shows(other, '#note', 'Access denied');
    const renewed = window.page.waitForEvent('requestfinished', (request) => request.url().endsWith('/auth/renew'));
    await window.page.click('#renew');
    await renewed;
    await window.page.reload();
    await holds(window, '#message', 'By the editor');
    assert.equal(await window.page.evaluate(() => document.cookie), '');
    await window.page.click('#logout button');
    await window.until(() => document.querySelector('#login').checkVisibility());
    await window.page.reload();
    await window.until(() => document.querySelector('#message').disabled);
  });

  for (const name of [
    '',
    'hello-world',
    'edit-text',
    'book-collection',
    'password-authentication',
    'client-session',
    'jwt-authentication',
  ]) {
    test(`nothing is cut off on a phone: ${name || 'the list of examples'}`, async () => {
      await Promise.all(['hello-world', 'edit-text', 'book-collection'].map((name) => on.service(javascript(name))));
      const window = await open(name, { viewport: { width: 360, height: 740 } });
      assert.ok(await window.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    });
  }
});

async function logIn(window, name) {
  await window.page.fill('[name=name]', name);
  await window.page.fill('[name=password]', name);
  await window.page.press('[name=password]', 'Enter');
}

function shows(window, selector, text) {
  return window.until(([selector, text]) => document.querySelector(selector).textContent === text, [selector, text]);
}

/** Waits for the value of an input. */
function holds(window, selector, value) {
  const isHeld = ([selector, value]) => document.querySelector(selector)?.value === value;
  return window.until(isHeld, [selector, value]);
}
