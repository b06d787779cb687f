import type { Resource } from './client.js';
import type { EventHandler } from './EventBus.js';
import type { Collection, ResCollection } from './ResCollection.js';
import type { Model } from './ResModel.js';
import type { ResRef } from './ResRef.js';

/**
 * The type of a resource in a schema, an interface of resource types by pattern. As with registered types `*` stands for
 * one part of a resource ID and `>` at the end for one or more; text goes before `*`, and `*` before `>`. A query is not
 * looked at. An entry is a {@link Model}, a {@link Collection}, a class of the application, or a {@link Description}.
 */
export type ResourceOf<S, Rid extends string> = string extends Rid ? Resource : ResourceFor<EntryOf<S, Rid>>;

/**
 * What a plain copy of a value is: models are objects of their members, collections arrays, and soft references
 * `{ rid }`. Not in the type is what cannot be known: a resource inside itself is `{ rid }`, and one that could not be had an
 * error.
 */
export type Plain<T> =
  T extends ResCollection<infer I>
    ? Plain<I>[]
    : T extends ModelOf<infer M>
      ? { [K in keyof M]: Plain<M[K]> }
      : T extends ResRef<object>
        ? { rid: string }
        : T;

/** A model with these members, which are inferred from `props` alone: `set` may take fewer. */
export interface ModelOf<T> extends AnyResource {
  readonly props: T;
}

/** A resource of which a schema says more than its type. Without `model` and `collection` it can be called, not got. */
export interface Description {
  /** Members of the model. */
  model?: object;
  /** An item of the collection. */
  collection?: unknown;
  /** What `call` calls: functions from the parameters to the result. */
  methods?: object;
  /** What `auth` and `authenticate` call. */
  auth?: object;
  /** Data of custom events, by name. */
  events?: object;
}

/** What a model or collection has in types alone when it is described. */
export interface Described<D> {
  readonly [described]: D;
  on<E extends NameOf<D, 'events'>>(event: E, handler: EventHandler<DataOf<D, E>, this>): this;
  on(events?: OtherEvents<D> | null, handler?: EventHandler<unknown, this>): this;
  call<M extends NameOf<D, 'methods'>>(
    method: M,
    ...params: ParamsOf<D, 'methods', M>
  ): Promise<ResultOf<D, 'methods', M>>;
  call<R = unknown, M extends string = string>(method: OtherName<D, 'methods', M>, params?: unknown): Promise<R>;
  auth<M extends NameOf<D, 'auth'>>(method: M, ...params: ParamsOf<D, 'auth', M>): Promise<ResultOf<D, 'auth', M>>;
  auth<R = unknown, M extends string = string>(method: OtherName<D, 'auth', M>, params?: unknown): Promise<R>;
}

/** What a model has besides. */
export interface DescribedModel<D> extends Described<D> {
  set(props: SetOf<D>): Promise<{ payload?: unknown }>;
}

/** What is not described: of this any method may be called, and any event listened to. */
export interface Undescribed extends AnyResource {
  readonly [described]?: never;
}

declare const described: unique symbol;

/** Under which a client has, in types alone, that it {@link Follows} a schema. */
export declare const schema: unique symbol;

/** A method, since those let a client with a schema stand where one without is wanted, also as what a function takes. */
export interface Follows<S> {
  follows(schema: S): void;
}

/** Parts of a description with names the application uses. */
type Kind = 'methods' | 'auth' | 'events';

type Part<D, K extends Kind> = D extends Record<K, infer P> ? P : unknown;

/** Names the description gives; never when it gives none. */
export type NameOf<D, K extends Kind> = keyof Part<D, K> & string;

/** Names that are not described: all when the description gives none, and otherwise those only known at run time. */
export type OtherName<D, K extends Kind, Name extends string> = [NameOf<D, K>] extends [never]
  ? Name
  : string extends Name
    ? Name
    : never;

/** Data of a custom event. */
export type DataOf<D, Name> = Name extends keyof Part<D, 'events'> ? Part<D, 'events'>[Name] : unknown;

/** Events that are not described: all when the description gives none, and otherwise several at a time. */
export type OtherEvents<D> = [NameOf<D, 'events'>] extends [never] ? string : `${string} ${string}`;

type Method<D, K extends Kind, Name> = Name extends keyof Part<D, K> ? Part<D, K>[Name] : never;

/** Parameters of a method, as a list of none or one, and what comes behind them. */
export type ParamsOf<D, K extends Kind, Name, More extends unknown[] = []> =
  Method<D, K, Name> extends (...params: infer P) => unknown
    ? P extends readonly []
      ? [params?: undefined, ...more: More]
      : P extends readonly [infer Only]
        ? [params: Only, ...more: More]
        : [params?: P[0 & keyof P], ...more: More]
    : never;

/** What a method resolves with. */
export type ResultOf<D, K extends Kind, Name> =
  Method<D, K, Name> extends (...params: never) => infer R ? Awaited<R> : never;

/** What `set` takes: an object, unless it is described. */
export type SetOf<D> = 'set' extends NameOf<D, 'methods'> ? ParamsOf<D, 'methods', 'set'>[0] : object;

/** A resource ID that fits a pattern. */
export type KnownRid<S, Rid extends string> = [PatternOf<S, Rid>] extends [never] ? never : Rid;

/** A resource ID of which a schema says nothing, because there is none, or the ID is only known at run time. */
export type OtherRid<S, Rid extends string, Patterns = keyof S & string> = unknown extends S
  ? Rid
  : Record<never, 1> extends Record<Rid, 1>
    ? Rid
    : Patterns;

/** A resource ID whose methods are not described. */
export type PlainRid<S, Rid extends string, K extends Kind> = [KnownRid<S, Rid>] extends [never]
  ? OtherRid<S, Rid>
  : OtherName<DescriptionOf<S, Rid>, K, Rid>;

/** What describes a resource. */
export type DescriptionOf<S, Rid extends string> = [PatternOf<S, Rid>] extends [never]
  ? unknown
  : DescriptionIn<EntryOf<S, Rid>>;

type DescriptionIn<E> = E extends { readonly [described]: infer D } ? D : E extends AnyResource ? unknown : E;

type ResourceFor<E> = E extends AnyResource
  ? E
  : E extends { model: infer T extends object }
    ? Model<T, E>
    : E extends { collection: infer T }
      ? Collection<T, E>
      : E extends Description
        ? Resource
        : E;

interface AnyResource {
  getResourceId(): string;
}

type EntryOf<S, Rid extends string> = S[PatternOf<S, Rid> & keyof S];

/** The pattern that fits best; never for none, and for what is not more than a string. */
type PatternOf<S, Rid extends string> = string extends Rid
  ? never
  : Match<keyof S & string, Rid extends `${infer Name}?${string}` ? Name : Rid>;

/** Goes down the patterns part by part: `Patterns` is what is left of those that begin with `Path`. */
type Match<Patterns extends string, Name extends string, Path extends string = ''> = [Patterns] extends [never]
  ? never
  : Name extends `${infer Part}.${infer Rest}`
    ? Or<
        Match<Behind<Patterns, Part>, Rest, `${Path}${Part}.`>,
        Or<Match<Behind<Patterns, '*'>, Rest, `${Path}*.`>, Last<Patterns, '>', Path>>
      >
    : Or<Last<Patterns, Name, Path>, Or<Last<Patterns, '*', Path>, Last<Patterns, '>', Path>>>;

type Behind<Patterns extends string, Part extends string> = Patterns extends `${infer First}.${infer Rest}`
  ? Part extends First
    ? Rest
    : never
  : never;

type Last<Patterns extends string, Part extends string, Path extends string> = Part extends Patterns
  ? `${Path}${Part}`
  : never;

type Or<A, B> = [A] extends [never] ? B : A;
