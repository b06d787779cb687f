import type { Driver } from './driver.js';

type Methods = Record<string, (...args: unknown[]) => unknown>;

/**
 * The one way into the engine. What breaks off inside leaves it half changed, so nothing gets in after that: `lost` is called, once, with
 * what happened, and from then on nothing is found.
 */
export function guarded(driver: Driver, lost: (error: unknown) => void): Driver {
  const inner = driver as unknown as Methods;
  const guard: Methods = {};
  let isLost = false;
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(driver))) {
    // Sockets report from a task of their own, as a rule, and have no time to lose. What is held has to be released.
    const levels = name === 'receive' || name === 'release' ? 0 : ROOM;
    guard[name] = (...args) => {
      if (isLost) return -1;
      // Where the stack is nearly used up it is an error of the caller's, and had better not be one inside.
      reach(levels, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
      try {
        return inner[name]!(...args);
      } catch (error) {
        if (!isLost) {
          isLost = true;
          lost(error);
        }
        throw error;
      }
    };
  }
  return guard as unknown as Driver;
}

/** Takes as much of the stack as the engine may, about 200 bytes a level, or throws. */
function reach(levels: number, ...rest: number[]): number;
function reach(
  n: number,
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
  g: number,
  h: number,
  i: number,
  j: number,
  k: number,
  l: number,
  m: number,
  o: number,
  p: number,
): number {
  return n > 0 ? reach(n - 1, a, b, c, d, e, f, g, h, i, j, k, l, m, o, p) + 1 : 0;
}

const ROOM = 32;
