import {
  computed,
  type ComputedRef,
  hasInjectionContext,
  inject,
  type InjectionKey,
  type MaybeRefOrGetter,
  type Plugin,
  type ShallowRef,
} from 'vue';
import type { Resource } from './client.js';
import { ConnectionStore } from './ConnectionStore.js';
import type { ClientState } from './events.js';
import type { ResClient } from './index.js';
import type { AnyCollection, AnyModel, KnownAs, Schema, SchemaOf } from './Register.js';
import type { ResCollection } from './ResCollection.js';
import type { Model } from './ResModel.js';
import type { ResourceClient } from './ResourceClient.js';
import type { ResourceResult, Snapshot } from './ResourceResult.js';
import { ResourceStore } from './ResourceStore.js';
import type { KnownRid, OtherRid, ResourceOf } from './schema.js';
import { storeRef } from './storeRef.js';

export type { ResourceClient, ResourceResult, Snapshot };

/** ID of a resource, or what has or answers one. As long as there is none, nothing is asked for. */
export type Rid<Id extends string = string> = MaybeRefOrGetter<Id | null | undefined>;

/**
 * An ID that is one of those known. It stands here by itself as well, since only from that does the compiler infer the text a
 * getter answers and all of those a ref may hold.
 */
export type RidAmong<Id extends string, Known extends string> = Rid<Id> & Rid<Known>;

/** The parts of a {@link ResourceResult}, each as a ref. */
export type ResourceRefs<D, R> = {
  readonly [K in Exclude<keyof ResourceResult<D, R>, 'refetch'>]: ComputedRef<ResourceResult<D, R>[K]>;
} & Pick<ResourceResult<D, R>, 'refetch'>;

/** A plugin that gives a client to an application: `app.use(resClient(client))`. It neither connects nor disconnects it. */
export function resClient(client: ResourceClient): Plugin {
  return { install: (app) => void app.provide(CLIENT, client) };
}

/** The client given, or else that of the application. Throws when there is neither. */
export function useClient<C extends ResourceClient = ResClient<Schema>>(client?: C): C {
  const found = client ?? (hasInjectionContext() ? inject(CLIENT, null) : null);
  if (!found) throw new Error('The application does not use the plugin resClient(client)');
  return found as C;
}

/**
 * A model or collection, kept up to date until the component is unmounted, or the effect scope ended. Changes when its
 * content does, once for all that changes in one task.
 */
export function useResource<
  R extends object = Resource,
  Id extends string = string,
  C extends ResourceClient = ResourceClient,
>(rid: RidAmong<Id, OtherRid<SchemaOf<C>, Id>>, client?: C): ResourceRefs<Snapshot<R>, R>;
/** As the schema has it. */
export function useResource<Id extends string, C extends ResourceClient>(
  rid: RidAmong<Id, KnownRid<SchemaOf<C>, Id>>,
  client?: C,
): Found<C, Id>;
export function useResource<R extends object>(rid: Rid, client?: ResourceClient): ResourceRefs<Snapshot<R>, R> {
  type Result = ResourceResult<Snapshot<R>, R>;
  const from = useClient(client);
  const result = storeRef<Result, string | null | undefined>(rid, (value) => new ResourceStore(from, value));
  const part = <K extends keyof Result>(key: K) => computed(() => result.value[key]);
  return {
    status: part('status'),
    data: part('data'),
    error: part('error'),
    resource: part('resource'),
    isPending: part('isPending'),
    isSuccess: part('isSuccess'),
    isError: part('isError'),
    isLoading: part('isLoading'),
    refetch: () => result.value.refetch(),
  };
}

/** A model: {@link useResource} with a plain object of its members as `data`. */
export function useModel<
  T extends object = Record<string, unknown>,
  Id extends string = string,
  C extends ResourceClient = ResourceClient,
>(rid: RidAmong<Id, OtherRid<SchemaOf<C>, Id>>, client?: C): ResourceRefs<Readonly<T>, Model<T>>;
/** As the schema has it. */
export function useModel<Id extends string, C extends ResourceClient>(
  rid: RidAmong<Id, KnownAs<AnyModel, SchemaOf<C>, Id>>,
  client?: C,
): Found<C, Id, Model>;
export function useModel(rid: Rid, client?: ResourceClient): ResourceRefs<never, never> {
  return useResource(rid, client) as ResourceRefs<never, never>;
}

/** A collection: {@link useResource} with an array of its items as `data`. */
export function useCollection<T = unknown, Id extends string = string, C extends ResourceClient = ResourceClient>(
  rid: RidAmong<Id, OtherRid<SchemaOf<C>, Id>>,
  client?: C,
): ResourceRefs<readonly T[], ResCollection<T>>;
/** As the schema has it. */
export function useCollection<Id extends string, C extends ResourceClient>(
  rid: RidAmong<Id, KnownAs<AnyCollection, SchemaOf<C>, Id>>,
  client?: C,
): Found<C, Id, ResCollection>;
export function useCollection(rid: Rid, client?: ResourceClient): ResourceRefs<never, never> {
  return useResource(rid, client) as ResourceRefs<never, never>;
}

/** State of the connection. */
export function useConnection(client?: ResourceClient): Readonly<ShallowRef<ClientState>> {
  return storeRef(useClient(client), (from) => new ConnectionStore(from));
}

/** What is known of the resource that the schema of a client has for an ID. */
type Found<C, Id extends string, Other = Resource> = ResourceRefs<
  Snapshot<ResourceOf<SchemaOf<C>, Id, Other>>,
  ResourceOf<SchemaOf<C>, Id, Other>
>;

const CLIENT: InjectionKey<ResourceClient> = Symbol('resclient-wasm');
