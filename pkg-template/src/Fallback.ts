/** Data to show until a resource is there: those of the one whose ID is there at the beginning, or what answers those of each, if it has any. */
export type Fallback<D> = D | ((rid: string) => D | undefined) | undefined;

/** What stands for no resource ID: `id && …` is what many write. */
export type None = null | undefined | false | 0;

/** A resource ID, if there is one. An empty text is none either. */
export type RidOrNone = string | None;
