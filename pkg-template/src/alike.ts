/** Whether two arrays or plain objects hold the very same values. */
export function alike(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (!(isPlain(a) && isPlain(b)) && !(Array.isArray(a) && Array.isArray(b))) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && Object.is(a[key as never], b[key as never]))
  );
}

/** What is in a date, a set or a class of the application cannot be told by its keys. */
function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === Object.prototype || prototype === null;
}
