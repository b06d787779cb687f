import ResClient from '/pkg/index.js';
import { wire } from './wire.js';

export const client = new ResClient(wire.open, { reconnectDelay: 2000 });

export async function follow(list) {
  const books = await client.get('library.books');
  const insert = (book, idx) => book.on('change', list.insert(book, idx).change);
  books.on('add', ({ item, idx }) => insert(item, idx));
  books.on('remove', ({ item, idx }) => item.off('change', list.remove(idx).change));
  books.toArray().forEach(insert);
}
