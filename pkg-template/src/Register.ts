import type { Follows, Misfits, ResourceOf, schema } from './schema.js';

/**
 * What an application says once to have the hooks and composables typed: it adds a member `schema`, an interface of
 * types by resource ID as {@link ResourceOf} reads it.
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- Whatever it held, no application could give another type.
export interface Register {}

/** The schema that was registered; unknown when none was. */
export type Schema = Register extends { schema: infer S } ? S : unknown;

/** The schema of a client: that which was registered unless it has one of its own. */
export type SchemaOf<C> = C extends { readonly [schema]: Follows<infer S> } ? S : Schema;

/** What tells a model: the union of all that a resource can be is none. */
export interface AnyModel {
  readonly props: object;
}

/** What tells a collection. */
export interface AnyCollection {
  toArray(): unknown[];
}

/** A resource ID that fits the pattern of what is of a kind, or else those patterns; any without a schema. */
export type KnownAs<Kind, S, Rid extends string> = unknown extends S
  ? Rid
  : Misfits<S, Rid, Kind> extends true
    ? { [P in keyof S & string]: ResourceOf<S, P> extends Kind ? P : never }[keyof S & string]
    : Rid;
