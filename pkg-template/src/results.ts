import type { ResourceResult } from './ResourceResult.js';

/** Whether two results say the same, but for whether it is stale. */
export const isSame = (a: ResourceResult<unknown, unknown>, b: ResourceResult<unknown, unknown>): boolean =>
  COMPARED.every((key) => Object.is(a[key], b[key]));

/** A result with these data, which looks up whether it is stale when it is asked, by itself. */
export function withData<D, R>(
  result: ResourceResult<unknown, R>,
  data: unknown,
  isStale: (asked: object) => boolean,
): ResourceResult<D, R> {
  const { status, error, resource, isPending, isSuccess, isError, isLoading, refetch } = result;
  const next = { status, data, error, resource, isPending, isSuccess, isError, isLoading, refetch };
  const get = (): boolean => isStale(next);
  return Object.defineProperty(next as ResourceResult<D, R>, 'isStale', { get, enumerable: true });
}

const COMPARED = ['status', 'data', 'error', 'resource', 'isLoading'] as const;
