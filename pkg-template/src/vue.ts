import {
  computed,
  type ComputedRef,
  hasInjectionContext,
  inject,
  type InjectionKey,
  type MaybeRefOrGetter,
  type Plugin,
  type ShallowRef,
  toValue,
} from 'vue';
import type { CallOptions, CallResult } from './CallResult.js';
import { CallStore } from './CallStore.js';
import type { Resource } from './client.js';
import { ConnectionStore } from './ConnectionStore.js';
import type { ClientState } from './events.js';
import type { Fallback, None, RidOrNone } from './Fallback.js';
import { fallbackFor } from './fallbackFor.js';
import type { FoundData, FoundMethod, FoundOutcome, FoundParams, FoundResource } from './Found.js';
import type { ResClient } from './index.js';
import { type AnyOptions, optionsOf } from './optionsOf.js';
import type { AnyCollection, AnyModel, KnownAs, Schema, SchemaOf } from './Register.js';
import type { ResCollection } from './ResCollection.js';
import type { Model } from './ResModel.js';
import type { ResourceClient } from './ResourceClient.js';
import type { ResourceResult, Snapshot } from './ResourceResult.js';
import { ResourceStore } from './ResourceStore.js';
import type { KnownRid, OtherRid } from './schema.js';
import { reactiveMembers } from './reactiveMembers.js';
import { storeRef } from './storeRef.js';

export type { CallOptions, CallResult, ResourceClient, ResourceResult, Snapshot };

/** ID of a resource, or what has or answers one. As long as there is none, which is what the others stand for, nothing is asked for. */
export type Rid<Id extends string = string> = MaybeRefOrGetter<Id | None>;

/**
 * An ID that is one of those known. It stands here by itself as well, since only from that does the compiler infer the text a
 * getter answers and all of those a ref may hold.
 */
export type RidAmong<Id extends string, Known extends string> = Rid<Id> & Rid<Known>;

/** The parts of a {@link ResourceResult}, each as a ref. */
export type ResourceRefs<D, R> = {
  readonly [K in Exclude<keyof ResourceResult<D, R>, 'refetch'>]: ComputedRef<ResourceResult<D, R>[K]>;
} & Pick<ResourceResult<D, R>, 'refetch'>;

/** A model: what every resource has, and its members one by one. */
export type ModelRefs<D, R> = ResourceRefs<D, R> & {
  /** The members of the model as they are now. Who reads one is told when that changes, and not of others. */
  readonly members: Readonly<Partial<D>>;
};

/** A plugin that gives a client to an application: `app.use(resClient(client))`. It neither connects nor disconnects it. */
export function resClient(client: ResourceClient): Plugin {
  return { install: (app) => void app.provide(CLIENT, client) };
}

/** The client given, or else that of the application. Throws when there is neither. */
export function useClient<C extends ResourceClient = ResClient<Schema>>(client?: C): C {
  const found = client ?? (hasInjectionContext() ? inject(CLIENT, null) : null);
  if (!found) throw new Error(NO_CLIENT);
  return found as C;
}

/** Options of the composables for resources. */
export interface ResourceOptions<D, C extends ResourceClient = ResourceClient> {
  /** Default: that of the application. */
  client?: C | undefined;
  /**
   * What is shown until the resource is there, also by a server, as `data` that are stale: of the resource that the component begins
   * with, or what a function answers for the ID of each.
   */
  fallbackData?: Fallback<D>;
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
): ResourceRefs<FoundData<C, Id>, FoundResource<C, Id>>;
/** With options. */
export function useResource<
  R extends object = Resource,
  Id extends string = string,
  C extends ResourceClient = ResourceClient,
>(rid: RidAmong<Id, OtherRid<SchemaOf<C>, Id>>, options: ResourceOptions<Snapshot<R>, C>): ResourceRefs<Snapshot<R>, R>;
/** As the schema has it, with options. */
export function useResource<Id extends string, C extends ResourceClient>(
  rid: RidAmong<Id, KnownRid<SchemaOf<C>, Id>>,
  options: ResourceOptions<FoundData<C, Id>, C>,
): ResourceRefs<FoundData<C, Id>, FoundResource<C, Id>>;
export function useResource(rid: Rid, options?: ResourceClient | AnyOptions): AnyRefs {
  return refsOf(useAny(rid, options));
}

/** A model: {@link useResource} with a plain object of its members as `data`. */
export function useModel<
  T extends object = Record<string, unknown>,
  Id extends string = string,
  C extends ResourceClient = ResourceClient,
>(rid: RidAmong<Id, OtherRid<SchemaOf<C>, Id>>, client?: C): ModelRefs<Readonly<T>, Model<T>>;
/** As the schema has it. */
export function useModel<Id extends string, C extends ResourceClient>(
  rid: RidAmong<Id, KnownAs<AnyModel, SchemaOf<C>, Id>>,
  client?: C,
): ModelRefs<FoundData<C, Id, Model>, FoundResource<C, Id, Model>>;
/** With options. */
export function useModel<
  T extends object = Record<string, unknown>,
  Id extends string = string,
  C extends ResourceClient = ResourceClient,
>(
  rid: RidAmong<Id, OtherRid<SchemaOf<C>, Id>>,
  options: ResourceOptions<Readonly<T>, C>,
): ModelRefs<Readonly<T>, Model<T>>;
/** As the schema has it, with options. */
export function useModel<Id extends string, C extends ResourceClient>(
  rid: RidAmong<Id, KnownAs<AnyModel, SchemaOf<C>, Id>>,
  options: ResourceOptions<FoundData<C, Id, Model>, C>,
): ModelRefs<FoundData<C, Id, Model>, FoundResource<C, Id, Model>>;
export function useModel(rid: Rid, options?: ResourceClient | AnyOptions): ModelRefs<never, never> {
  const followed = useAny(rid, options);
  return { ...refsOf(followed), members: reactiveMembers(() => followed.result.value.data) as never };
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
): ResourceRefs<FoundData<C, Id, ResCollection>, FoundResource<C, Id, ResCollection>>;
/** With options. */
export function useCollection<T = unknown, Id extends string = string, C extends ResourceClient = ResourceClient>(
  rid: RidAmong<Id, OtherRid<SchemaOf<C>, Id>>,
  options: ResourceOptions<readonly T[], C>,
): ResourceRefs<readonly T[], ResCollection<T>>;
/** As the schema has it, with options. */
export function useCollection<Id extends string, C extends ResourceClient>(
  rid: RidAmong<Id, KnownAs<AnyCollection, SchemaOf<C>, Id>>,
  options: ResourceOptions<FoundData<C, Id, ResCollection>, C>,
): ResourceRefs<FoundData<C, Id, ResCollection>, FoundResource<C, Id, ResCollection>>;
export function useCollection(rid: Rid, options?: ResourceClient | AnyOptions): AnyRefs {
  return refsOf(useAny(rid, options));
}

/** Options of {@link useCall}. */
export interface UseCallOptions<C extends ResourceClient = ResourceClient> extends CallOptions {
  /** Default: that of the application. */
  client?: C | undefined;
}

/** The parts of a {@link CallResult}, each as a ref. */
export type CallRefs<T, P> = {
  readonly [K in Exclude<keyof CallResult<T, P>, CallAction>]: ComputedRef<CallResult<T, P>[K]>;
} & Pick<CallResult<T, P>, CallAction>;

/** The calls of a method of a resource. A component that is unmounted does not give a call up. */
export function useCall<
  T = unknown,
  P = unknown,
  Id extends string = string,
  C extends ResourceClient = ResourceClient,
>(rid: RidAmong<Id, OtherRid<SchemaOf<C>, Id>>, method: string, options?: UseCallOptions<C>): CallRefs<T, P>;
/** As the schema has it. */
export function useCall<Id extends string, M extends FoundMethod<C, Id>, C extends ResourceClient>(
  rid: RidAmong<Id, KnownRid<SchemaOf<C>, Id>>,
  method: M,
  options?: UseCallOptions<C>,
): CallRefs<FoundOutcome<C, Id, M>, FoundParams<C, Id, M>>;
export function useCall(
  rid: Rid,
  method: string,
  { client, timeout }: UseCallOptions = {},
): CallRefs<unknown, unknown> {
  const from = useClient<ResourceClient>(client);
  const options = timeout === undefined ? undefined : { timeout };
  const store = new CallStore<unknown, unknown>(from, () => toValue(rid), method, options);
  const result = storeRef(store, () => store);
  const part = <K extends keyof AnyCall>(key: K) => computed(() => result.value[key]);
  return {
    status: part('status'),
    data: part('data'),
    error: part('error'),
    isIdle: part('isIdle'),
    isPending: part('isPending'),
    isSuccess: part('isSuccess'),
    isError: part('isError'),
    // An effect that calls it does not depend on what comes of it.
    call: (...params) => store.getSnapshot().call(...params),
    abort: () => store.getSnapshot().abort(),
    reset: () => store.getSnapshot().reset(),
  };
}

/** State of the connection. */
export function useConnection(client?: ResourceClient): Readonly<ShallowRef<ClientState>> {
  return storeRef(useClient(client), (from) => new ConnectionStore(from));
}

function useAny(rid: Rid, options?: ResourceClient | AnyOptions): Followed {
  const { client, fallbackData } = optionsOf(options);
  const from = useClient<ResourceClient>(client);
  let store: ResourceStore<never, never> | undefined;
  let first: RidOrNone;
  const storeOf = (value: RidOrNone) => {
    if (!store) first = value;
    return (store = new ResourceStore<never, never>(from, value, fallbackFor(fallbackData, value, first) as never));
  };
  // An effect that asks again does not depend on what comes of it.
  return { result: storeRef<AnyResult, RidOrNone>(rid, storeOf), refetch: () => store!.refetch() };
}

function refsOf({ result, refetch }: Followed): AnyRefs {
  const part = <K extends keyof AnyResult>(key: K) => computed(() => result.value[key]);
  return {
    status: part('status'),
    data: part('data'),
    error: part('error'),
    resource: part('resource'),
    isPending: part('isPending'),
    isSuccess: part('isSuccess'),
    isError: part('isError'),
    isLoading: part('isLoading'),
    isStale: part('isStale'),
    refetch,
  };
}

/** What there is of a resource, and how it is asked for again. */
interface Followed {
  readonly result: ShallowRef<AnyResult>;
  readonly refetch: () => Promise<void>;
}

type AnyResult = ResourceResult<never, never>;
type AnyRefs = ResourceRefs<never, never>;
type AnyCall = CallResult<unknown, unknown>;
type CallAction = 'call' | 'abort' | 'reset';

const NO_CLIENT =
  'There is no client: give one, or call this in the setup of a component, in an application that uses the plugin resClient(client)';
const CLIENT: InjectionKey<ResourceClient> = Symbol('resclient-wasm');
