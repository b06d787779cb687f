import { type Serialisable, serialise } from './json.js';
import { LocalError, localError } from './localErrors.js';
import { type ErrorObject, ResError } from './ResError.js';
import { isSerialisable } from './serialisable.js';

/** What a gateway answers to a request for a resource without subscribing. */
export interface ResourceSet {
  models?: Record<string, Record<string, unknown>>;
  collections?: Record<string, unknown[]>;
  errors?: Record<string, ErrorObject>;
}

/**
 * A plain copy of the resource with this ID. A gateway leaves out what the client holds already, which `held` has. Throws when
 * the resource is nowhere, or there is no set at all.
 */
export function fetched(rid: string, answer: ResourceSet | null | undefined, held: (rid: string) => unknown): unknown {
  const set = answer ?? {};
  const follow = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    const { rid, soft, data } = value as { rid?: unknown; soft?: unknown; data?: unknown };
    if (typeof rid !== 'string') return data;
    return soft ? value : find(rid);
  };
  const found = new Map<string, Fetched>();
  const find = (rid: string): unknown => {
    const content = own(set.models, rid) ?? own(set.collections, rid);
    if (content) {
      let resource = found.get(rid);
      if (!resource) found.set(rid, (resource = new Fetched(rid, content, follow)));
      return resource;
    }
    const error = own(set.errors, rid);
    return error ? new ResError(rid).__init(error) : (held(rid) ?? { rid });
  };
  const root = find(rid);
  if (isFetchedOrHeld(root)) return serialise(root, isFetchedOrHeld, new Map());
  if (root instanceof ResError) return root;
  throw new ResError(rid, `get.${rid}`).__init(localError(LocalError.UnknownError));
}

/** A resource of the set. */
class Fetched implements Serialisable {
  constructor(
    private readonly rid: string,
    private readonly content: Record<string, unknown> | unknown[],
    private readonly follow: (value: unknown) => unknown,
  ) {}

  getResourceId(): string {
    return this.rid;
  }

  __content(): Record<string, unknown> | unknown[] {
    const { content, follow } = this;
    if (Array.isArray(content)) return content.map(follow);
    return Object.fromEntries(Object.entries(content).map(([name, value]) => [name, follow(value)]));
  }
}

const isFetchedOrHeld = (value: unknown): value is Serialisable => value instanceof Fetched || isSerialisable(value);

const own = <T>(group: Record<string, T> | undefined, rid: string): T | undefined =>
  group && Object.hasOwn(group, rid) ? group[rid] : undefined;
