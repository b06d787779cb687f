import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { javascript, python, rust, rustAlone } from './support/languages.mjs';
import { stage } from './support/stage.mjs';
import { until } from './support/until.mjs';

const on = stage();

const languages = {
  JavaScript: javascript('book-collection'),
  Python: python('book-collection'),
  Rust: rust('books'),
  'Rust, without NATS': rustAlone('books'),
};

for (const [language, command] of Object.entries(languages)) {
  suite(`the book collection in ${language}`, () => {
    test('the collection brings its books, over WebSocket and HTTP', async () => {
      await on.service(command);
      const books = await on.client().get('library.books');
      const titles = ['Animal Farm', 'Brave New World', 'Coraline'];
      assert.deepEqual(titlesOf(books), titles);
      const { body } = await on.http('library/books');
      assert.deepEqual(
        body.map(({ model }) => model.title),
        titles,
      );
    });

    test('a book set over HTTP is changed for every client, by an event with the old title', async () => {
      await on.service(command);
      const book = await on.client().get('library.book.1');
      const other = await on.client().get('library.books');
      const olds = [];
      book.on('change', (old) => olds.push(old));
      other.on();
      other.atIndex(0).on();
      assert.equal((await on.http('library/book/1/set', { body: { title: ' Animal Farming ' } })).status, 204);
      await until(() => book.title === 'Animal Farming' && other.atIndex(0).title === 'Animal Farming');
      await until(() => olds.length === 1);
      assert.deepEqual(olds, [{ title: 'Animal Farm' }]);
    });

    test('a new book comes to all, and whoever made it gets it', async () => {
      await on.service(command);
      const [one, other] = [on.client(), on.client()];
      const books = await other.get('library.books');
      const added = [];
      books.on('add', ({ item, idx }) => added.push([item.title, idx]));
      const book = await one.call('library.books', 'new', { title: 'Dracula', author: 'Bram Stoker' });
      assert.equal(book.title, 'Dracula');
      await until(() => added.length);
      assert.deepEqual(added, [['Dracula', 3]]);
      const created = await on.http('library/books/new', { body: { title: 'Emma', author: 'Jane Austen' } });
      assert.equal(created.status, 200);
      assert.equal((await on.http(created.headers.get('location').replace('/api/', ''))).body.title, 'Emma');
    });

    test('a deleted book leaves all collections and is gone', async () => {
      await on.service(command);
      const books = await on.client().get('library.books');
      books.on();
      const book = await on.client().get('library.book.2');
      let deleted = false;
      book.on('delete', () => (deleted = true));
      await on.client().call('library.books', 'delete', { id: 2 });
      await until(() => deleted && books.length === 2);
      assert.deepEqual(titlesOf(books), ['Animal Farm', 'Coraline']);
      await assert.rejects(on.client().get('library.book.2'), { code: 'system.notFound' });
      assert.equal((await on.http('library/book/2')).status, 404);
    });

    test('pages are live: an insert or a removal before them moves what is on them', async () => {
      await on.service(command);
      const client = on.client();
      const pages = ['start=0&limit=2', 'start=2&limit=2'];
      const [first, second] = await Promise.all(pages.map((page) => client.get(`library.books?${page}`)));
      // Written in another way, it is the same page.
      const again = await on.client().get('library.books?limit=2&start=2');
      for (const page of [first, second, again]) page.on();
      assert.deepEqual([first, second, again].map(titlesOf), [
        ['Animal Farm', 'Brave New World'],
        ['Coraline'],
        ['Coraline'],
      ]);
      await client.call('library.books', 'new', { title: 'Dracula', author: 'Bram Stoker' });
      await until(() => second.length === 2 && again.length === 2);
      assert.deepEqual(titlesOf(first), ['Animal Farm', 'Brave New World']);
      await client.call('library.books', 'delete', { id: 1 });
      await until(() => second.length === 1 && again.length === 1);
      await until(() => first.atIndex(0).title === 'Brave New World');
      assert.deepEqual([first, second, again].map(titlesOf), [
        ['Brave New World', 'Coraline'],
        ['Dracula'],
        ['Dracula'],
      ]);
      assert.deepEqual(
        (await on.http('library/books?start=1&limit=1')).body.map(({ model }) => model.title),
        ['Coraline'],
      );
    });

    test('what makes no sense is refused, with a sentence, and changes nothing', async () => {
      await on.service(command);
      const client = on.client();
      const refused = async (rid, method, params, code, message) =>
        assert.rejects(client.call(rid, method, params), { code, ...(message && { message }) });
      const text = (name) => `${name} must be a text that is not empty`;
      await refused('library.books', 'new', { title: 'Dracula' }, 'system.invalidParams', text('author'));
      await refused('library.books', 'new', { title: ' ', author: 'B' }, 'system.invalidParams', text('title'));
      await refused('library.books', 'new', ['Dracula'], 'system.invalidParams');
      await refused('library.books', 'delete', { id: '1' }, 'system.invalidParams');
      await refused('library.books', 'delete', { id: 99 }, 'system.notFound');
      await refused('library.book.1', 'set', { title: 7 }, 'system.invalidParams', text('title'));
      await refused('library.book.99', 'set', { title: 'X' }, 'system.notFound');
      await refused('library.book.1', 'burn', undefined, 'system.accessDenied');
      await assert.rejects(client.get('library.books?start=-1'), { code: 'system.invalidQuery' });
      await assert.rejects(client.get('library.book.x'), { code: 'system.notFound' });
      assert.equal((await on.http('library/books/new', { body: { title: 'Dracula' } })).status, 400);
      assert.deepEqual(titlesOf(await client.get('library.books')), ['Animal Farm', 'Brave New World', 'Coraline']);
    });
  });
}

function titlesOf(books) {
  return [...books].map(({ title }) => title);
}
