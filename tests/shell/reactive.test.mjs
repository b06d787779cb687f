import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isReactive, reactive, watchEffect } from 'vue';
import { useModel } from '../../pkg/vue.js';
import { connected, exported, next, recorded } from './support/client.mjs';
import { is, until, used } from './support/composables.mjs';

const { ResCollection, ResModel } = exported;

const resources = () => ({
  book: { model: { title: 'Emma', about: { data: { pages: 474 } }, author: { rid: 'author' } } },
  author: { model: { name: 'Jane' } },
  books: { collection: [{ rid: 'book' }] },
  names: { collection: ['a', 'b'] },
});

/** A client whose objects are reactive, as applications with resclient make them. */
function reacting() {
  const { client, ...rest } = connected(resources());
  client.registerModelType('>', (api, rid) => reactive(new ResModel(api, rid)));
  client.registerCollectionType('>', (api, rid) => reactive(new ResCollection(api, rid)));
  return { client, ...rest };
}

/** Notes what an effect of Vue reads, and resolves when it reads this. */
function seen(read) {
  const log = [];
  let waiting = [];
  const stop = watchEffect(
    () => {
      const value = JSON.stringify(read());
      log.push(value);
      waiting = waiting.filter((wait) => wait.value !== value || wait.resolve());
    },
    { flush: 'sync' },
  );
  const until = (value) =>
    new Promise((resolve) => {
      value = JSON.stringify(value);
      if (log.at(-1) === value) resolve();
      else waiting.push({ value, resolve });
    });
  return { log, until, stop };
}

test('a reactive model and a reactive collection are one object each, wherever they are met', async () => {
  const { client } = reacting();
  const books = await client.get('books');
  const book = await client.get('book');
  assert.ok([books, book, book.author].every(isReactive));
  assert.ok(books instanceof ResCollection && book instanceof ResModel);
  assert.ok(
    [books.atIndex(0), books.list[0], [...books][0], books.toArray()[0], client.getCached('book')].every(
      (it) => it === book,
    ),
  );
  assert.equal(book.author, await client.get('author'));
  assert.equal(books.indexOf(book), 0);
  assert.deepEqual(book.toJSON(), { title: 'Emma', about: { pages: 474 }, author: { name: 'Jane' } });
  client.disconnect();
});

test('who reads a member is told when it changes, comes and goes', async () => {
  const { client, gateway } = reacting();
  const book = await client.get('book');
  book.on();
  const title = seen(() => [book.title, book.props.title]);
  const isbn = seen(() => [book.isbn, 'isbn' in book.props]);
  const author = seen(() => book.author?.name);
  const pages = seen(() => book.about?.pages);
  gateway.event('book', 'change', { values: { title: 'Emma!', isbn: '1', about: { data: { pages: 475 } } } });
  await title.until(['Emma!', 'Emma!']);
  await isbn.until(['1', true]);
  await pages.until(475);
  gateway.event('author', 'change', { values: { name: 'Jane Austen' } });
  await author.until('Jane Austen');
  gateway.event('book', 'change', { values: { isbn: { action: 'delete' } } });
  await isbn.until([undefined, false]);
  for (const { stop } of [title, isbn, author, pages]) stop();
  client.disconnect();
});

test('who goes over a collection is told of what comes and goes', async () => {
  const { client, gateway } = reacting();
  const books = await client.get('books');
  const names = await client.get('names');
  books.on();
  names.on();
  const titles = seen(() => [books.length, [...books].map((book) => book.title)]);
  const list = seen(() => names.list);
  const models = { other: { title: 'Persuasion' } };
  gateway.event('books', 'add', { idx: 0, value: { rid: 'other' }, models });
  await titles.until([2, ['Persuasion', 'Emma']]);
  gateway.event('names', 'remove', { idx: 0 });
  gateway.event('names', 'add', { idx: 1, value: 'c' });
  await list.until(['b', 'c']);
  gateway.event('books', 'remove', { idx: 1 });
  await titles.until([1, ['Persuasion']]);
  titles.stop();
  list.stop();
  client.disconnect();
});

test('handlers are called with the reactive object and taken back by it, and it is unsubscribed', async () => {
  const { client, gateway, delivered } = reacting();
  const book = await client.get('book');
  const log = recorded(book, 'change custom');
  const targets = [];
  const handler = (_data, target) => targets.push(target);
  book.on('change', handler);
  gateway.event('book', 'change', { values: { title: 'Emma!' } });
  gateway.event('book', 'custom', { a: 1 });
  await delivered();
  assert.deepEqual(log, [
    ['change', { title: 'Emma' }],
    ['custom', { a: 1 }],
  ]);
  assert.ok(targets.length === 1 && targets[0] === book);
  book.off('change', handler);
  gateway.event('book', 'change', { values: { title: 'Emma?' } });
  await delivered();
  assert.deepEqual([targets.length, log.length], [1, 3]);
  client.disconnect();

  const again = reacting();
  const author = await again.client.get('author');
  author.on('change', handler);
  const unsubscribed = again.gateway.request('unsubscribe.author');
  author.off('change', handler);
  await unsubscribed;
  again.client.disconnect();
});

test('after a lost connection the object is the same, and only what differs is told', async () => {
  const { client, gateway, delivered } = reacting();
  const book = await client.get('book');
  const names = await client.get('names');
  names.on();
  const log = recorded(book, 'change');
  const title = seen(() => book.title);
  const about = seen(() => book.about.pages);
  const list = seen(() => names.list);
  gateway.resources.set('book', { model: { ...resources().book.model, title: 'Persuasion' } });
  gateway.resources.set('names', { collection: ['b', 'c'] });
  gateway.socket.lose();
  await title.until('Persuasion');
  await list.until(['b', 'c']);
  while (client.state.state !== 'connected') await next(client, 'state');
  await delivered();
  assert.equal(await client.get('book'), book);
  assert.deepEqual(log, [['change', { title: 'Emma' }]]);
  assert.deepEqual(about.log, ['474'], 'an object that is the same is no change');
  for (const { stop } of [title, about, list]) stop();
  client.disconnect();
});

test('a composable follows a reactive model as any other', async () => {
  const { client, gateway } = reacting();
  const { status, data, resource, log, stop } = used(() => useModel('author', client));
  await until(status, is('success'));
  assert.ok(isReactive(resource.value));
  gateway.event('author', 'change', { values: { name: 'Jane Austen' } });
  await until(data, ({ name }) => name === 'Jane Austen');
  assert.deepEqual(log.slice(1), [
    ['success', { name: 'Jane' }],
    ['success', { name: 'Jane Austen' }],
  ]);
  stop();
  client.disconnect();
});
