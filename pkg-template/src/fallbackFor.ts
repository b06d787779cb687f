import type { Fallback, RidOrNone } from './Fallback.js';

/** What was given for a resource, where `first` is the ID at the time. The data of one are never shown as those of another. */
export function fallbackFor<D>(given: Fallback<D>, rid: RidOrNone, first: RidOrNone): D | undefined {
  if (!rid) return undefined;
  if (typeof given === 'function') return (given as (rid: string) => D | undefined)(rid);
  return rid === first ? given : undefined;
}
