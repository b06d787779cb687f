/** Resources and events, the same for every client in a run and from run to run. */

export const LIST = 'bench.books';
export const modelRid = (index) => `bench.book.${index}`;

/** A model of eight members, as a row of an application would be; `foreign` for text beyond ASCII throughout. */
export function model(index, foreign) {
  const place = foreign ? 'Malmö, Škocjan, 東京' : 'Malmoe, Skocjan, Tokyo';
  return {
    id: index,
    title: foreign ? `Ä book of ünusual length, № ${index} 書物` : `A book of unusual length, no. ${index} volume`,
    author: foreign ? `Zoë Ångström-Nuñez ${index % 97}` : `Zoe Angstrom-Nunez ${index % 97}`,
    place,
    price: (index % 5000) / 100 + 0.25,
    inStock: index % 3 === 0,
    updated: `2024-03-${10 + (index % 20)}T12:00:00.000Z`,
    rating: index % 11,
  };
}

/** The resource set of a collection of references, with all the models. */
export function resourceSet(count, { foreign = false } = {}) {
  const models = {};
  const references = [];
  for (let index = 0; index < count; index++) {
    models[modelRid(index)] = model(index, foreign);
    references.push({ rid: modelRid(index) });
  }
  return { models, collections: { [LIST]: references } };
}

/** What reading every member of such a model adds up to, so that a value lost or mixed up shows. */
export function readModel(book) {
  return (
    book.id +
    book.title.length +
    book.title.charCodeAt(2) +
    book.author.length +
    book.author.charCodeAt(3) +
    book.place.length +
    book.price +
    (book.inStock ? 1 : 0) +
    book.updated.charCodeAt(9) +
    book.rating
  );
}

/** Pseudo-random whole numbers below `below`: always the same ones. */
export function numbers(seed = 1) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export const event = (rid, name, data) => JSON.stringify({ event: `${rid}.${name}`, data });

export function verify(condition, what) {
  if (!condition) throw new Error(`wrong result: ${what}`);
}

export function verifyEqual(found, expected, what) {
  verify(Object.is(found, expected), `${what} is ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`);
}
