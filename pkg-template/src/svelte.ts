import type { CallOptions, CallResult } from './CallResult.js';
import { CallStore } from './CallStore.js';
import type { Resource } from './client.js';
import { ConnectionStore } from './ConnectionStore.js';
import type { ClientState } from './events.js';
import type { Fallback, None, RidOrNone } from './Fallback.js';
import { fallbackFor } from './fallbackFor.js';
import type { Found, FoundCall, FoundData, FoundMethod } from './Found.js';
import type { Readable } from './Readable.js';
import type { SchemaOf } from './Register.js';
import type { ResourceClient } from './ResourceClient.js';
import type { ResourceResult, Snapshot } from './ResourceResult.js';
import { ResourceStore } from './ResourceStore.js';
import type { KnownRid, OtherRid } from './schema.js';
import { storeReadable } from './storeReadable.js';

export type { CallOptions, CallResult, Readable, ResourceClient, ResourceResult, Snapshot };

/** Options of {@link resource}. */
export interface ResourceOptions<D> {
  /** What is shown until the resource is there, also by a server, as `data` that are stale; or what answers it for an ID. */
  fallbackData?: Fallback<D>;
}

/** A model or collection, kept up to date as long as there is a subscriber. Without an ID nothing is asked for. */
export function resource<R extends object = Resource, Id extends string = string, C = ResourceClient>(
  client: C & ResourceClient,
  rid: OtherRid<SchemaOf<C>, Id> | None,
  options?: ResourceOptions<Snapshot<R>>,
): Readable<ResourceResult<Snapshot<R>, R>>;
/** As the schema of the client has it. */
export function resource<Id extends string, C>(
  client: C & ResourceClient,
  rid: KnownRid<SchemaOf<C>, Id> | None,
  options?: ResourceOptions<FoundData<C, Id>>,
): Readable<Found<C, Id>>;
export function resource(
  client: ResourceClient,
  rid: RidOrNone,
  { fallbackData }: ResourceOptions<unknown> = {},
): Readable<ResourceResult<never, never>> {
  return storeReadable(new ResourceStore<never, never>(client, rid, fallbackFor(fallbackData, rid, rid) as never));
}

/** The state of a client's connection. */
export const connection = (client: ResourceClient): Readable<ClientState> => storeReadable(new ConnectionStore(client));

/** The calls of a method of a resource: the value has `call`, and what is known of the latest. */
export function call<T = unknown, P = unknown, Id extends string = string, C = ResourceClient>(
  client: C & ResourceClient,
  rid: OtherRid<SchemaOf<C>, Id> | None,
  method: string,
  options?: CallOptions,
): Readable<CallResult<T, P>>;
/** As the schema of the client has it. */
export function call<Id extends string, M extends FoundMethod<C, Id>, C>(
  client: C & ResourceClient,
  rid: KnownRid<SchemaOf<C>, Id> | None,
  method: M,
  options?: CallOptions,
): Readable<FoundCall<C, Id, M>>;
export function call(
  client: ResourceClient,
  rid: RidOrNone,
  method: string,
  options?: CallOptions,
): Readable<CallResult<unknown, unknown>> {
  return storeReadable(new CallStore<unknown, unknown>(client, () => rid, method, options));
}
