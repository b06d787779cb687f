import { alike } from './alike.js';
import type { ResourceResult } from './ResourceResult.js';

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
    this.#result = result;
    this.#select = select;
    const found = result.data === undefined ? undefined : select(result.data);
    const before = this.#selected?.data;
    const next = { ...result, data: alike(before, found) ? before : found };
    const isOther = this.#stale !== undefined && this.#stale !== result.isStale;
    if (isOther || !alike(this.#selected, next)) this.#selected = this.#watched(next);
    return this.#selected!;
  }

  #watched(next: object): ResourceResult<S, R> {
    const wasAsked = this.#stale !== undefined;
    let isStale = wasAsked ? (this.#stale = this.#result!.isStale) : undefined;
    const get = () => (this.#stale = isStale ??= this.#result!.isStale);
    return Object.defineProperty(next as ResourceResult<S, R>, 'isStale', { get });
  }
}
