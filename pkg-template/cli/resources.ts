/**
 * Resources by their ID, as a file of resources has them: a model is an object and a collection an array. Values are
 * those of the RES protocol: primitives, references `{rid}`, soft references `{rid, soft: true}`, data values `{data}`.
 */
export type Resources = Map<string, Members | readonly unknown[]>;

export type Members = Readonly<Record<string, unknown>>;

/** What has been read. */
export interface Reading {
  resources: Resources;
  /** Of each resource that was named and could not be read, why. */
  missing: string[];
  /** The same of those that others refer to. */
  notes: string[];
}

export const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isReference = (value: unknown): value is { rid: string } =>
  isObject(value) && typeof value['rid'] === 'string' && value['soft'] !== true;

export const isSoftReference = (value: unknown): value is { rid: string } =>
  isObject(value) && typeof value['rid'] === 'string' && value['soft'] === true;
