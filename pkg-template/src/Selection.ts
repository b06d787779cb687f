import { alike } from './alike.js';
import type { ResourceResult } from './ResourceResult.js';
import { isSame, withData } from './results.js';

/** Results with a part of the data in place of all of it: the same result as long as that part is the same. */
export class Selection<D, S, R extends object> {
  #result: ResourceResult<D, R> | undefined;
  #select: ((data: D) => S) | undefined;
  #selected: ResourceResult<S, R> | undefined;
  /** What was answered when it was last asked whether it is stale, if it was. */
  #stale: boolean | undefined;

  /** What is selected of a result. */
  of(result: ResourceResult<D, R>, select: (data: D) => S): ResourceResult<S, R> {
    if (this.#selected && result === this.#result && select === this.#select) return this.#selected;
    const found = result.data === undefined ? undefined : select(result.data);
    // Not before it has been selected, which may fail.
    this.#result = result;
    this.#select = select;
    const before = this.#selected;
    const data = before && alike(before.data, found) ? before.data : found;
    const next = withData<S, R>(result, data, (asked) => {
      const isStale = result.isStale;
      if (asked === this.#selected) this.#stale = isStale;
      return isStale;
    });
    const isOther = this.#stale !== undefined && this.#stale !== result.isStale;
    if (before && !isOther && isSame(before, next)) return before;
    this.#selected = next;
    if (this.#stale !== undefined) this.#stale = next.isStale;
    return next;
  }
}
