/** What a model, a collection or an error is made of. */
export const enum Kind {
  Model = 1,
  Collection = 2,
  Error = 3,
}

/** A resource record, see {@link readRecord}. */
export interface ReadRecord {
  readonly kind: Kind;
  /** The frame it is in. */
  readonly text: string;
  /** Span of the resource ID with its quotes. */
  readonly ridStart: number;
  readonly ridEnd: number;
  /** Span of the members, the items or the error. */
  readonly start: number;
  readonly end: number;
  /** Whether every item is a reference, so that the text need not be read. */
  readonly onlyReferences: boolean;
  /** The members of a model that are references. By name: the numbers of names are given to others after a while. */
  readonly members: readonly string[];
  /** The indexes of a collection's items that are references; empty when all are. */
  readonly at: Uint32Array;
  /** The resources that are referred to there. */
  readonly references: Uint32Array;
}

/** The name of a member by the engine's number. */
export type NameOf = (key: number) => string;

/** Words before the references of a record. */
const HEAD = 9;

/** Number of the frame whose text the record refers to. */
export const recordFrame = (words: Uint32Array, i: number): number => words[i + 2]!;

/** Words a record takes. */
export const recordLength = (words: Uint32Array, i: number): number =>
  HEAD + words[i + 8]! * (words[i + 7] === 1 ? 1 : 2);

/**
 * Copies a record out of memory: resource, kind, frame, span of the ID with its quotes, span of the value, whether there
 * are only references, their number, and then the references, each after its place unless there is nothing else.
 */
export function readRecord(words: Uint32Array, i: number, text: string, nameOf: NameOf): ReadRecord {
  const kind: Kind = words[i + 1]!;
  let members = NO_NAMES;
  const count = words[i + 8]!;
  const onlyReferences = words[i + 7] === 1;
  const first = i + HEAD;
  let at = NONE;
  let references = NONE;
  if (onlyReferences) {
    references = words.slice(first, first + count);
  } else if (count > 0) {
    const found: string[] = [];
    if (kind === Kind.Model) members = found;
    else at = new Uint32Array(count);
    references = new Uint32Array(count);
    for (let n = 0; n < count; n++) {
      const place = words[first + 2 * n]!;
      if (kind === Kind.Model) found.push(nameOf(place));
      else at[n] = place;
      references[n] = words[first + 2 * n + 1]!;
    }
  }
  return {
    kind,
    text,
    ridStart: words[i + 3]!,
    ridEnd: words[i + 4]!,
    start: words[i + 5]!,
    end: words[i + 6]!,
    onlyReferences,
    members,
    at,
    references,
  };
}

/** The resource ID. Parsed, because a substring would keep the whole frame alive. */
export const recordRid = ({ text, ridStart, ridEnd }: ReadRecord): string =>
  JSON.parse(text.substring(ridStart, ridEnd)) as string;

/** The members, the items or the error. */
export const recordValue = ({ text, start, end }: ReadRecord): unknown => JSON.parse(text.substring(start, end));

const NONE = new Uint32Array(0);
const NO_NAMES: readonly string[] = [];
