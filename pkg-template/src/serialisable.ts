import type { Serialisable } from './json.js';
import { ResCollection } from './ResCollection.js';
import { ResModel } from './ResModel.js';

/** Whether a value is a model or collection that serialises itself as ours do; a class of the application may not. */
export function isSerialisable(value: unknown): value is Serialisable {
  return (
    (value instanceof ResModel && value.toJSON === ResModel.prototype.toJSON) ||
    (value instanceof ResCollection && value.toJSON === ResCollection.prototype.toJSON)
  );
}
