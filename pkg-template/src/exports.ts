/** What every entry exports besides the client. */
export type { ClientApi, Resource } from './client.js';
export type { Definition, PropertyDefinition, PropertyType } from './definition.js';
export { EventBus, type EventBusLike, type EventHandler } from './EventBus.js';
export type {
  AddEvent,
  ClientState,
  ConnectError,
  InspectedResource,
  Inspection,
  RemoveEvent,
  UnsubscribeEvent,
} from './events.js';
export type { AbortSignalLike, RequestOptions } from './RequestOptions.js';
export type {
  ClientOptions,
  DebugCallback,
  OnConnect,
  OnConnectError,
  TypeFactory,
  WebSocketFactory,
  WebSocketLike,
} from './options.js';
export type { Register } from './Register.js';
export { type Collection, type CollectionOptions, ResCollection } from './ResCollection.js';
export { isResError, ResError } from './ResError.js';
export { type Model, type ModelOptions, ResModel } from './ResModel.js';
export { ResRef } from './ResRef.js';
export { TypeList } from './TypeList.js';
export type { Description, Plain, ResourceOf } from './schema.js';
