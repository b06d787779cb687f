'use client';
import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useSyncExternalStore,
} from 'react';
import type { CallOptions, CallResult } from './CallResult.js';
import { CallStore } from './CallStore.js';
import type { Resource } from './client.js';
import { ConnectionStore } from './ConnectionStore.js';
import type { ClientState } from './events.js';
import type { ResClient } from './index.js';
import type { AnyCollection, AnyModel, KnownAs, Schema, SchemaOf } from './Register.js';
import type { ResCollection } from './ResCollection.js';
import type { Model } from './ResModel.js';
import type { ResourceClient } from './ResourceClient.js';
import type { ResourceResult, ResourceData, Snapshot } from './ResourceResult.js';
import { ResourceStore } from './ResourceStore.js';
import type { KnownRid, OtherRid, ResourceOf } from './schema.js';
import { Selection } from './Selection.js';
import { resume, suspend } from './suspend.js';

export type { CallOptions, CallResult, ResourceClient, ResourceResult, ResourceData, Snapshot };

/** ID of a resource. As long as there is none, nothing is asked for. */
export type Rid<Id extends string = string> = Id | null | undefined;

/** Props of {@link ResProvider}. */
export interface ResProviderProps {
  client: ResourceClient;
  children?: ReactNode;
}

/** Gives a client to the components below. It neither connects nor disconnects it. */
export function ResProvider({ client, children }: ResProviderProps): ReactElement {
  return createElement(Context.Provider, { value: client }, children);
}

/** The client given, or else that of the {@link ResProvider} above. Throws when there is neither. */
export function useClient<C extends ResourceClient = ResClient<Schema>>(client?: C): C {
  const provided = useContext(Context);
  const found = client ?? provided;
  if (!found) throw new Error('There is no ResProvider above this component');
  return found as C;
}

/** Options of the hooks for resources. */
export interface ResourceOptions<D, S = D, C extends ResourceClient = ResourceClient> {
  /** Default: that of the {@link ResProvider} above. */
  client?: C;
  /**
   * What the component wants of the data: it renders when that changes, and for nothing else. Compared are values, or those in an
   * array or a plain object.
   */
  select?: (data: D) => S;
  /** What is shown until the resource is there, also by a server, as a {@link ResourceResult.data} that is stale. */
  fallbackData?: D;
}

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
  return useAny(rid, options);
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
  return useAny(rid, options);
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
  return useAny(rid, options);
}

/**
 * {@link useResource} for a boundary of `Suspense`: the component waits until the resource is there, and throws why it could not be
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
  return useAnySuspended(rid, options);
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
  return useAnySuspended(rid, options);
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
  return useAnySuspended(rid, options);
}

/** Options of {@link useCall}. */
export interface UseCallOptions extends CallOptions {
  /** Default: that of the {@link ResProvider} above. */
  client?: ResourceClient;
}

/**
 * The calls of a method of a resource: renders when one begins and ends, and shows the latest. A component that is unmounted does
 * not give a call up.
 */
export function useCall<T = unknown, P = unknown>(
  rid: string,
  method: string,
  options: UseCallOptions = {},
): CallResult<T, P> {
  const { client, timeout } = options;
  const from = useClient<ResourceClient>(client);
  const store = useMemo(
    () => new CallStore<T, P>(from, () => rid, method, timeout === undefined ? undefined : { timeout }),
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

function useAny(rid: Rid, options?: ResourceClient | AnyOptions): AnyResult {
  return useSelected(rid, options, false);
}

/** Also on a server, and where the page takes over from that, it is waited for what is not there. */
function useAnySuspended(rid: string, options?: ResourceClient | AnyOptions): AnyData {
  const client = useClient<ResourceClient>(optionsOf(options).client);
  useEffect(() => resume(client, rid), [client, rid]);
  return useSelected(rid, options, true) as AnyData;
}

function useSelected(rid: Rid, options: ResourceClient | AnyOptions | undefined, suspends: boolean): AnyResult {
  const { client, select, fallbackData } = optionsOf(options);
  const from = useClient<ResourceClient>(client);
  // What is given counts as it was first.
  const store = useMemo(() => new ResourceStore<never, never>(from, rid, fallbackData as never), [from, rid]);
  const selection = useMemo(() => new Selection<never, never, never>(), [store]);
  let whole: AnyResult | undefined;
  const of = (result: AnyResult) => {
    whole = result;
    return select ? selection.of(result, select as () => never) : result;
  };
  const getSnapshot = () => of(store.getSnapshot());
  const getServerSnapshot = suspends ? getSnapshot : () => of(store.getServerSnapshot());
  const result = useSyncExternalStore(store.subscribe, getSnapshot, getServerSnapshot);
  // What is selected may well be undefined.
  if (suspends && whole && whole.data === undefined) suspend(from, rid!, whole.error);
  return result;
}

/** A client in place of options is the one to use. */
function optionsOf(options: ResourceClient | AnyOptions = {}): AnyOptions {
  return 'getCached' in options ? { client: options } : options;
}

interface AnyOptions {
  client?: ResourceClient;
  select?: (data: never) => unknown;
  fallbackData?: unknown;
}

type AnyResult = ResourceResult<never, never>;
type AnyData = ResourceData<never, never>;

/** The resource that the schema of a client has for an ID. */
type FoundResource<C, Id extends string, Other = Resource> = ResourceOf<SchemaOf<C>, Id, Other>;

/** What is shown of it. */
type FoundData<C, Id extends string, Other = Resource> = Snapshot<FoundResource<C, Id, Other>>;

/** What is known of it. */
type Found<C, Id extends string, Other = Resource> = ResourceResult<
  FoundData<C, Id, Other>,
  FoundResource<C, Id, Other>
>;

const Context = createContext<ResourceClient | null>(null);
