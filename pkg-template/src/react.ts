'use client';
import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useContext,
  useMemo,
  useSyncExternalStore,
} from 'react';
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

export type { ResourceClient, ResourceResult, Snapshot };

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
export function useResource<R extends object>(rid: Rid, client?: ResourceClient): ResourceResult<Snapshot<R>, R> {
  const from = useClient(client);
  const store = useMemo(() => new ResourceStore<Snapshot<R>, R>(from, rid), [from, rid]);
  return useSyncExternalStore(store.subscribe, store.getSnapshot, store.getServerSnapshot);
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
export function useModel(rid: Rid, client?: ResourceClient): ResourceResult<never, never> {
  return useResource(rid, client) as ResourceResult<never, never>;
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
export function useCollection(rid: Rid, client?: ResourceClient): ResourceResult<never, never> {
  return useResource(rid, client) as ResourceResult<never, never>;
}

/** State of the connection. */
export function useConnection(client?: ResourceClient): ClientState {
  const from = useClient(client);
  const store = useMemo(() => new ConnectionStore(from), [from]);
  return useSyncExternalStore(store.subscribe, store.getSnapshot, store.getServerSnapshot);
}

/** What is known of the resource that the schema of a client has for an ID. */
type Found<C, Id extends string, Other = Resource> = ResourceResult<
  Snapshot<ResourceOf<SchemaOf<C>, Id, Other>>,
  ResourceOf<SchemaOf<C>, Id, Other>
>;

const Context = createContext<ResourceClient | null>(null);
