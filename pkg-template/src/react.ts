'use client';
import { useMemo, useSyncExternalStore } from 'react';
import type { CallOptions, CallResult } from './CallResult.js';
import { CallStore } from './CallStore.js';
import type { Resource } from './client.js';
import { ConnectionStore } from './ConnectionStore.js';
import type { ClientState } from './events.js';
import type { Found, FoundCall, FoundData, FoundMethod, FoundResource } from './Found.js';
import type { ResourceOptions, Rid, UseCallOptions } from './HookOptions.js';
import type { AnyOptions } from './optionsOf.js';
import type { AnyCollection, AnyModel, KnownAs, SchemaOf } from './Register.js';
import type { ResCollection } from './ResCollection.js';
import type { Model } from './ResModel.js';
import { useClient } from './ResProvider.js';
import type { ResourceClient } from './ResourceClient.js';
import type { ResourceResult, ResourceData, Snapshot } from './ResourceResult.js';
import type { KnownRid, OtherRid } from './schema.js';
import { type AnyResult, useSelected } from './useSelected.js';

export type { ResourceOptions, Rid, UseCallOptions } from './HookOptions.js';
export { ResProvider, type ResProviderProps, useClient } from './ResProvider.js';
export { useSuspenseCollection, useSuspenseModel, useSuspenseResource } from './suspenseHooks.js';
export type { CallOptions, CallResult, ResourceClient, ResourceResult, ResourceData, Snapshot };

/**
 * A model or collection, kept up to date while the component is mounted. Renders when its content changes, once for all
 * that changes in one task.
 */
export function useResource<
  R extends object = Resource,
  Id extends string = string,
  C extends ResourceClient = ResourceClient,
>(rid: Rid<OtherRid<SchemaOf<C>, Id>>, client?: C): ResourceResult<Snapshot<R>, R>;
/** As the schema has it. */
export function useResource<Id extends string, C extends ResourceClient>(
  rid: Rid<KnownRid<SchemaOf<C>, Id>>,
  client?: C,
): Found<C, Id>;
/** With options. */
export function useResource<
  R extends object = Resource,
  S = Snapshot<R>,
  Id extends string = string,
  C extends ResourceClient = ResourceClient,
>(rid: Rid<OtherRid<SchemaOf<C>, Id>>, options: ResourceOptions<Snapshot<R>, S, C>): ResourceResult<S, R>;
/** As the schema has it, with options. */
export function useResource<Id extends string, C extends ResourceClient, S = FoundData<C, Id>>(
  rid: Rid<KnownRid<SchemaOf<C>, Id>>,
  options: ResourceOptions<FoundData<C, Id>, S, C>,
): ResourceResult<S, FoundResource<C, Id>>;
export function useResource(rid: Rid, options?: ResourceClient | AnyOptions): AnyResult {
  return useSelected(rid, options);
}

/** A model: {@link useResource} with a plain object of its members as `data`. */
export function useModel<
  T extends object = Record<string, unknown>,
  Id extends string = string,
  C extends ResourceClient = ResourceClient,
>(rid: Rid<OtherRid<SchemaOf<C>, Id>>, client?: C): ResourceResult<Readonly<T>, Model<T>>;
/** As the schema has it. */
export function useModel<Id extends string, C extends ResourceClient>(
  rid: Rid<KnownAs<AnyModel, SchemaOf<C>, Id>>,
  client?: C,
): Found<C, Id, Model>;
/** With options. */
export function useModel<
  T extends object = Record<string, unknown>,
  S = Readonly<T>,
  Id extends string = string,
  C extends ResourceClient = ResourceClient,
>(rid: Rid<OtherRid<SchemaOf<C>, Id>>, options: ResourceOptions<Readonly<T>, S, C>): ResourceResult<S, Model<T>>;
/** As the schema has it, with options. */
export function useModel<Id extends string, C extends ResourceClient, S = FoundData<C, Id, Model>>(
  rid: Rid<KnownAs<AnyModel, SchemaOf<C>, Id>>,
  options: ResourceOptions<FoundData<C, Id, Model>, S, C>,
): ResourceResult<S, FoundResource<C, Id, Model>>;
export function useModel(rid: Rid, options?: ResourceClient | AnyOptions): AnyResult {
  return useSelected(rid, options);
}

/** A collection: {@link useResource} with an array of its items as `data`. */
export function useCollection<T = unknown, Id extends string = string, C extends ResourceClient = ResourceClient>(
  rid: Rid<OtherRid<SchemaOf<C>, Id>>,
  client?: C,
): ResourceResult<readonly T[], ResCollection<T>>;
/** As the schema has it. */
export function useCollection<Id extends string, C extends ResourceClient>(
  rid: Rid<KnownAs<AnyCollection, SchemaOf<C>, Id>>,
  client?: C,
): Found<C, Id, ResCollection>;
/** With options. */
export function useCollection<
  T = unknown,
  S = readonly T[],
  Id extends string = string,
  C extends ResourceClient = ResourceClient,
>(
  rid: Rid<OtherRid<SchemaOf<C>, Id>>,
  options: ResourceOptions<readonly T[], S, C>,
): ResourceResult<S, ResCollection<T>>;
/** As the schema has it, with options. */
export function useCollection<Id extends string, C extends ResourceClient, S = FoundData<C, Id, ResCollection>>(
  rid: Rid<KnownAs<AnyCollection, SchemaOf<C>, Id>>,
  options: ResourceOptions<FoundData<C, Id, ResCollection>, S, C>,
): ResourceResult<S, FoundResource<C, Id, ResCollection>>;
export function useCollection(rid: Rid, options?: ResourceClient | AnyOptions): AnyResult {
  return useSelected(rid, options);
}

/**
 * The calls of a method of a resource: renders when one begins and ends, and shows the latest. A component that is unmounted does
 * not give a call up.
 */
export function useCall<
  T = unknown,
  P = unknown,
  Id extends string = string,
  C extends ResourceClient = ResourceClient,
>(rid: Rid<OtherRid<SchemaOf<C>, Id>>, method: string, options?: UseCallOptions<C>): CallResult<T, P>;
/** As the schema has it. */
export function useCall<Id extends string, M extends FoundMethod<C, Id>, C extends ResourceClient>(
  rid: Rid<KnownRid<SchemaOf<C>, Id>>,
  method: M,
  options?: UseCallOptions<C>,
): FoundCall<C, Id, M>;
export function useCall(
  rid: Rid,
  method: string,
  { client, timeout }: UseCallOptions = {},
): CallResult<unknown, unknown> {
  const from = useClient<ResourceClient>(client);
  const store = useMemo(
    () => new CallStore<unknown, unknown>(from, () => rid, method, timeout === undefined ? undefined : { timeout }),
    [from, rid, method, timeout],
  );
  return useSyncExternalStore(store.subscribe, store.getSnapshot, store.getServerSnapshot);
}

/** State of the connection. */
export function useConnection(client?: ResourceClient): ClientState {
  const from = useClient(client);
  const store = useMemo(() => new ConnectionStore(from), [from]);
  return useSyncExternalStore(store.subscribe, store.getSnapshot, store.getServerSnapshot);
}
