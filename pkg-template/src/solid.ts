import { type Accessor, createMemo, from, untrack } from 'solid-js';
import type { CallOptions, CallResult } from './CallResult.js';
import { CallStore } from './CallStore.js';
import type { Resource } from './client.js';
import type { ClientState } from './events.js';
import type { None, RidOrNone } from './Fallback.js';
import { fallbackFor } from './fallbackFor.js';
import type { Found, FoundCall, FoundData, FoundMethod } from './Found.js';
import type { Readable } from './Readable.js';
import type { SchemaOf } from './Register.js';
import type { ResourceClient } from './ResourceClient.js';
import type { ResourceResult, Snapshot } from './ResourceResult.js';
import type { KnownRid, OtherRid } from './schema.js';
import { storeReadable } from './storeReadable.js';
import * as stores from './svelte.js';
import type { ResourceOptions } from './svelte.js';

export type { CallOptions, CallResult, ResourceClient, ResourceOptions, ResourceResult, Snapshot };

/** ID of a resource, or what answers one. As long as there is none, which is what the others stand for, nothing is asked for. */
export type Rid<Id extends string = string> = Id | None | Accessor<Id | None>;

/** An ID that is one of those known. It stands here by itself as well, since only from that does the compiler infer what is answered. */
export type RidAmong<Id extends string, Known extends string> = Rid<Id> & Rid<Known>;

/** A model or collection, kept up to date until the owner is disposed. */
export function resource<R extends object = Resource, Id extends string = string, C = ResourceClient>(
  client: C & ResourceClient,
  rid: RidAmong<Id, OtherRid<SchemaOf<C>, Id>>,
  options?: ResourceOptions<Snapshot<R>>,
): Accessor<ResourceResult<Snapshot<R>, R>>;
/** As the schema of the client has it. */
export function resource<Id extends string, C>(
  client: C & ResourceClient,
  rid: RidAmong<Id, KnownRid<SchemaOf<C>, Id>>,
  options?: ResourceOptions<FoundData<C, Id>>,
): Accessor<Found<C, Id>>;
export function resource(client: ResourceClient, rid: Rid, options?: ResourceOptions<unknown>): Accessor<never> {
  const first = untrack(() => valueOf(rid));
  const followed = createMemo(() => {
    const value = valueOf(rid) as string;
    const fallbackData = untrack(() => fallbackFor(options?.fallbackData, value, first));
    return accessor(
      stores.resource<never>(client, value, { fallbackData } as ResourceOptions<never>) as Readable<never>,
    );
  });
  return () => followed()();
}

/** The state of a client's connection. */
export const connection = (client: ResourceClient): Accessor<ClientState> => accessor(stores.connection(client));

/** The calls of a method of a resource: the value has `call`, and what is known of the latest. */
export function call<T = unknown, P = unknown, Id extends string = string, C = ResourceClient>(
  client: C & ResourceClient,
  rid: RidAmong<Id, OtherRid<SchemaOf<C>, Id>>,
  method: string,
  options?: CallOptions,
): Accessor<CallResult<T, P>>;
/** As the schema of the client has it. */
export function call<Id extends string, M extends FoundMethod<C, Id>, C>(
  client: C & ResourceClient,
  rid: RidAmong<Id, KnownRid<SchemaOf<C>, Id>>,
  method: M,
  options?: CallOptions,
): Accessor<FoundCall<C, Id, M>>;
export function call(
  client: ResourceClient,
  rid: Rid,
  method: string,
  options?: CallOptions,
): Accessor<CallResult<unknown, unknown>> {
  return accessor(storeReadable(new CallStore<unknown, unknown>(client, () => valueOf(rid), method, options)));
}

const valueOf = (rid: Rid): RidOrNone => (typeof rid === 'function' ? rid() : rid);

/** It has a value from the beginning. */
const accessor = <T>(store: Readable<T>): Accessor<T> => from(store) as Accessor<T>;
