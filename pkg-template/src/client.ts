// An overload that is internal differs from the one before it in its documentation, and is left out of the types.
/* eslint @typescript-eslint/unified-signatures: ['error', { ignoreOverloadsWithDifferentJSDoc: true }] */
import type { EventHandler } from './EventBus.js';
import type { RequestOptions } from './RequestOptions.js';
import type { ResCollection } from './ResCollection.js';
import type { ResError } from './ResError.js';
import type { ResModel } from './ResModel.js';

/** What a resource ID may stand for. */
export type Resource = ResModel | ResCollection | ResError;

/** What models, collections and references need of their client. */
export interface ClientApi {
  get<R extends object = Resource>(rid: string, options?: RequestOptions): Promise<R>;
  call<R = unknown>(rid: string, method: string, params?: unknown, options?: RequestOptions): Promise<R>;
  authenticate<R = unknown>(rid: string, method: string, params?: unknown, options?: RequestOptions): Promise<R>;
  setModel(rid: string, props: object): Promise<{ payload?: unknown }>;
  /** Registers listeners of a cached resource. */
  resourceOn(rid: string, events?: string | null, handler?: EventHandler | null): void;
  /**
   * @internal `handle` is the engine's number for the resource, so that an object that has left the cache is told from a
   * newer one of the same ID; `item` is the object.
   */
  resourceOn(rid: string, events?: string | null, handler?: EventHandler | null, handle?: number, item?: object): void;
  /** Takes back what `resourceOn` did. */
  resourceOff(rid: string, events?: string | null, handler?: EventHandler | null): void;
  /** @internal `item` is the object `resourceOn` was called for. */
  resourceOff(rid: string, events?: string | null, handler?: EventHandler | null, handle?: number, item?: object): void;
  /** @internal A value did not fit the definition of its model. */
  __refused(rid: string, property: string, error: Error): void;
}
