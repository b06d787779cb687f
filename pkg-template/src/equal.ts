import { ResRef } from './ResRef.js';

/** Whether two values of a member or item are the same. */
export function same(a: unknown, b: unknown): boolean {
  if (typeof b === 'object' && b !== null) return b instanceof ResRef ? b.equals(a) : equal(a, b);
  return Object.is(a, b);
}

/** Objects of the application that stand for resources, though they may look like data. */
export const resourceObjects = new WeakSet<object>();

/**
 * Whether two values are the same JSON. Objects that are no plain JSON, such as resources, are equal to themselves only.
 * Walks without recursion, for the depth is the service's choice.
 */
export function equal(a: unknown, b: unknown): boolean {
  const pairs: unknown[] = [a, b];
  while (pairs.length > 0) {
    const y = pairs.pop();
    const x = pairs.pop();
    if (Object.is(x, y)) continue;
    if (!isJsonContainer(x) || !isJsonContainer(y)) return false;
    if (Array.isArray(x) !== Array.isArray(y)) return false;
    const keys = Object.keys(x);
    if (keys.length !== Object.keys(y).length) return false;
    for (const key of keys) {
      if (!Object.hasOwn(y, key)) return false;
      pairs.push(x[key], y[key]);
    }
  }
  return true;
}

function isJsonContainer(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || resourceObjects.has(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype;
}
