import type { Follows, KnownRid, OtherRid, ResourceOf, schema } from './schema.js';

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

/** A resource ID that fits the pattern of what is of a kind. */
export type KnownAs<Kind, S, Rid extends string> = [KnownRid<S, Rid>] extends [never]
  ? never
  : ResourceOf<S, Rid> extends Kind
    ? Rid
    : never;

/** A resource ID of which a schema says nothing, or else the patterns of what is of a kind. */
export type OtherAs<Kind, S, Rid extends string> = OtherRid<
  S,
  Rid,
  { [P in keyof S & string]: KnownAs<Kind, S, P> }[keyof S & string]
>;

/** What the schema has for an ID, and `Other` for one that is only known at run time. */
export type ResourceAs<S, Rid extends string, Other> = string extends Rid ? Other : ResourceOf<S, Rid>;
