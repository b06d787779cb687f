import type { CallResult } from './CallResult.js';
import type { Resource } from './client.js';
import type { SchemaOf } from './Register.js';
import type { ResourceResult, Snapshot } from './ResourceResult.js';
import type { DescriptionOf, NamesOf, ParamsOf, ResourceOf, ResultOf } from './schema.js';

/** The resource that the schema of a client has for an ID. */
export type FoundResource<C, Id extends string, Other = Resource> = ResourceOf<SchemaOf<C>, Id, Other>;

/** What is shown of it. */
export type FoundData<C, Id extends string, Other = Resource> = Snapshot<FoundResource<C, Id, Other>>;

/** What is known of it. */
export type Found<C, Id extends string, Other = Resource> = ResourceResult<
  FoundData<C, Id, Other>,
  FoundResource<C, Id, Other>
>;

/** The names of its methods; any where the schema describes none. */
export type FoundMethod<C, Id extends string> = NamesOf<DescriptionOf<SchemaOf<C>, Id>, 'methods'>;

/** What such a method resolves with. */
export type FoundOutcome<C, Id extends string, M> = ResultOf<DescriptionOf<SchemaOf<C>, Id>, 'methods', M>;

/** What it takes. */
export type FoundParams<C, Id extends string, M> = ParamsOf<DescriptionOf<SchemaOf<C>, Id>, 'methods', M>[0];

/** What is known of its latest call. */
export type FoundCall<C, Id extends string, M> = CallResult<FoundOutcome<C, Id, M>, FoundParams<C, Id, M>>;
