import { type Accessor, createMemo, from } from 'solid-js';
import type { CallOptions, CallResult } from './CallResult.js';
import type { Resource } from './client.js';
import type { ClientState } from './events.js';
import type { SchemaOf } from './Register.js';
import type { ResourceClient } from './ResourceClient.js';
import type { ResourceResult, Snapshot } from './ResourceResult.js';
import type { KnownRid, OtherRid, ResourceOf } from './schema.js';
import * as stores from './svelte.js';
import type { Readable, ResourceOptions } from './svelte.js';

export type { CallOptions, CallResult, ResourceClient, ResourceOptions, ResourceResult, Snapshot };

/** ID of a resource, or what answers one. As long as there is none, nothing is asked for. */
export type Rid<Id extends string = string> = Id | null | undefined | Accessor<Id | null | undefined>;

/** A model or collection, kept up to date until the owner is disposed. */
export function resource<R extends object = Resource, Id extends string = string, C = ResourceClient>(
  client: C & ResourceClient,
  rid: Rid<OtherRid<SchemaOf<C>, Id>>,
  options?: ResourceOptions<Snapshot<R>>,
): Accessor<ResourceResult<Snapshot<R>, R>>;
/** As the schema of the client has it. */
export function resource<Id extends string, C>(
  client: C & ResourceClient,
  rid: Rid<KnownRid<SchemaOf<C>, Id>>,
  options?: ResourceOptions<Snapshot<ResourceOf<SchemaOf<C>, Id>>>,
): Accessor<ResourceResult<Snapshot<ResourceOf<SchemaOf<C>, Id>>, ResourceOf<SchemaOf<C>, Id>>>;
export function resource(client: ResourceClient, rid: unknown, options?: ResourceOptions<unknown>): Accessor<never> {
  const followed = createMemo(() => {
    const value = typeof rid === 'function' ? (rid as Accessor<string>)() : (rid as string);
    return accessor(stores.resource<never>(client, value, options as ResourceOptions<never>) as Readable<never>);
  });
  return () => followed()();
}

/** The state of a client's connection. */
export const connection = (client: ResourceClient): Accessor<ClientState> => accessor(stores.connection(client));

/** The calls of a method of a resource: the value has `call`, and what is known of the latest. */
export const call = <T = unknown, P = unknown>(
  client: ResourceClient,
  rid: string,
  method: string,
  options?: CallOptions,
): Accessor<CallResult<T, P>> => accessor(stores.call<T, P>(client, rid, method, options));

/** It has a value from the beginning. */
const accessor = <T>(store: Readable<T>): Accessor<T> => from(store) as Accessor<T>;
