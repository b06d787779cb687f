import type { Driver, Engine } from './driver.js';

type Methods = Record<string, (...args: unknown[]) => unknown>;

/** Whose engine it is. */
export interface Owner {
  isLost: boolean;
  readonly engine: Engine;
  /** The engine was lost, by what is told. */
  lost(error: unknown): void;
}

/**
 * The one way into the engine. What breaks off inside leaves it half changed, so nothing gets in after that: the owner is told, once, in a
 * task of its own, for there may be no stack left to do anything now; and nothing is found any more.
 */
export function guarded(driver: Driver, owner: Owner): Driver {
  const inner = driver as unknown as Methods;
  const guard: Methods = {};
  const broken = (error: unknown): never => {
    if (!owner.isLost) {
      owner.isLost = owner.engine.hasFailed = true;
      queueMicrotask(() => owner.lost(error));
    }
    throw error;
  };
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(driver))) {
    // What is held has to be released.
    const levels = name === 'release' ? 0 : ROOM;
    guard[name] = (...args) => {
      if (owner.isLost) return -1;
      // Where the stack is nearly used up it is an error of the caller's, and mostly not one inside.
      reach(levels, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
      try {
        return inner[name]!(...args);
      } catch (error) {
        return broken(error);
      }
    };
  }
  // Sockets report from a task of their own, as a rule, and have no time to lose.
  const receive = (connection: number, kind: number, event: unknown): boolean => {
    if (owner.isLost) return true;
    try {
      return driver.receive(connection, kind, event);
    } catch (error) {
      return broken(error);
    }
  };
  return Object.assign(guard as unknown as Driver, { receive });
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
