import { isDeepStrictEqual } from 'node:util';

/** What one list has and another one lacks, entry by entry. */
export function excess(list, other) {
  const left = [...other];
  return list.filter((entry) => {
    const at = left.findIndex((counterpart) => isDeepStrictEqual(entry, counterpart));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** The first request that only one client sent, and which one did; null if both sent the same. */
export function firstExcess({ ours, theirs }) {
  const [mine] = excess(ours.frames, theirs.frames);
  const [other] = excess(theirs.frames, ours.frames);
  if (!mine && !other) return null;
  return mine && !(other?.at < mine.at) ? { side: 'ours', frame: mine } : { side: 'theirs', frame: other };
}

/** Takes out of a list what fits; answers whether anything did. */
export function takeOut(list, fits) {
  const before = list.length;
  list.splice(0, before, ...list.filter((entry) => !fits(entry)));
  return list.length < before;
}

/** Takes out of a list what fits and another list has no counterpart for. */
export function takeOutExcess(list, other, fits) {
  let left = other.filter(fits).length;
  return takeOut(list, (entry) => fits(entry) && --left < 0);
}

export const isVersion = ({ method }) => method === 'version';
export const isSubscribe = ({ method }) => method.startsWith('subscribe.');
export const isUnsubscribe = ({ method }) => method.startsWith('unsubscribe.');
/** The resource a subscribe or unsubscribe request is about. */
export const ridOf = ({ method }) => method.slice(method.indexOf('.') + 1);
