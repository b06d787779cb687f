import type { Resource } from './client.js';
import type { FoundData, FoundResource } from './Found.js';
import type { ResourceOptions } from './HookOptions.js';
import type { AnyOptions } from './optionsOf.js';
import type { AnyCollection, AnyModel, KnownAs, SchemaOf } from './Register.js';
import type { ResCollection } from './ResCollection.js';
import type { Model } from './ResModel.js';
import type { ResourceClient } from './ResourceClient.js';
import type { ResourceData, Snapshot } from './ResourceResult.js';
import type { KnownRid, OtherRid } from './schema.js';
import { type AnyData, useSuspended } from './useSelected.js';

/**
 * `useResource` for a boundary of `Suspense`: the component waits until the resource is there, and throws why it could not be
 * had to the error boundary above. Is it lost later, it shows what there was, as stale.
 */
export function useSuspenseResource<
  R extends object = Resource,
  S = Snapshot<R>,
  Id extends string = string,
  C extends ResourceClient = ResourceClient,
>(rid: OtherRid<SchemaOf<C>, Id>, options?: ResourceOptions<Snapshot<R>, S, C>): ResourceData<S, R>;
/** As the schema has it. */
export function useSuspenseResource<Id extends string, C extends ResourceClient, S = FoundData<C, Id>>(
  rid: KnownRid<SchemaOf<C>, Id>,
  options?: ResourceOptions<FoundData<C, Id>, S, C>,
): ResourceData<S, FoundResource<C, Id>>;
export function useSuspenseResource(rid: string, options?: ResourceClient | AnyOptions): AnyData {
  return useSuspended(rid, options);
}

/** The same for a model. */
export function useSuspenseModel<
  T extends object = Record<string, unknown>,
  S = Readonly<T>,
  Id extends string = string,
  C extends ResourceClient = ResourceClient,
>(rid: OtherRid<SchemaOf<C>, Id>, options?: ResourceOptions<Readonly<T>, S, C>): ResourceData<S, Model<T>>;
/** As the schema has it. */
export function useSuspenseModel<Id extends string, C extends ResourceClient, S = FoundData<C, Id, Model>>(
  rid: KnownAs<AnyModel, SchemaOf<C>, Id>,
  options?: ResourceOptions<FoundData<C, Id, Model>, S, C>,
): ResourceData<S, FoundResource<C, Id, Model>>;
export function useSuspenseModel(rid: string, options?: ResourceClient | AnyOptions): AnyData {
  return useSuspended(rid, options);
}

/** The same for a collection. */
export function useSuspenseCollection<
  T = unknown,
  S = readonly T[],
  Id extends string = string,
  C extends ResourceClient = ResourceClient,
>(rid: OtherRid<SchemaOf<C>, Id>, options?: ResourceOptions<readonly T[], S, C>): ResourceData<S, ResCollection<T>>;
/** As the schema has it. */
export function useSuspenseCollection<Id extends string, C extends ResourceClient, S = FoundData<C, Id, ResCollection>>(
  rid: KnownAs<AnyCollection, SchemaOf<C>, Id>,
  options?: ResourceOptions<FoundData<C, Id, ResCollection>, S, C>,
): ResourceData<S, FoundResource<C, Id, ResCollection>>;
export function useSuspenseCollection(rid: string, options?: ResourceClient | AnyOptions): AnyData {
  return useSuspended(rid, options);
}
