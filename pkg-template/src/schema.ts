import type { Resource } from './client.js';
import type { EventHandler } from './EventBus.js';
import type { UnsubscribeEvent } from './events.js';
import type { Collection, ResCollection } from './ResCollection.js';
import type { Model } from './ResModel.js';
import type { ResRef } from './ResRef.js';

/**
 * The type of a resource in a schema, an interface of resource types by pattern. As with registered types `*` stands for
 * one part of a resource ID and `>` at the end for one or more; text goes before `*`, and `*` before `>`. A query is not
 * looked at. An entry is a {@link Model}, a {@link Collection}, a class of the application, or a {@link Description}.
 * `Other` is the type for an ID that is only known at run time.
 */
export type ResourceOf<S, Rid extends string, Other = Resource> =
  // Written so that the compiler sees what a type parameter may stand for: for each ID by itself, with `unknown` where none gets to.
  Rid extends string
    ? PatternOf<S, Rid> extends never
      ? string extends Rid
        ? Other
        : never
      : ResourceFor<EntryOf<S, Rid>>
    : unknown;

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

/**
 * What a model or collection has in types alone when it is described; `Own` is the data of the events it has anyway. What is
 * described comes last, as what is wrong is told of the last of the overloads.
 */
export interface Described<D, Own> {
  readonly [described]: D;
  on(events?: OtherEvents<D> | null, handler?: EventHandler<unknown, this>): this;
  on<E extends NamesOf<D, 'events'> | keyof Own | 'unsubscribe'>(
    event: E,
    handler: EventHandler<
      E extends keyof Own ? Own[E] : E extends 'unsubscribe' ? UnsubscribeEvent<this> : DataOf<D, E>,
      this
    >,
  ): this;
  call<R = unknown, M extends string = string>(method: OtherName<D, 'methods', M>, params?: unknown): Promise<R>;
  call<M extends NamesOf<D, 'methods'>>(
    method: M,
    ...params: ParamsOf<D, 'methods', M>
  ): Promise<ResultOf<D, 'methods', M>>;
  auth<R = unknown, M extends string = string>(method: OtherName<D, 'auth', M>, params?: unknown): Promise<R>;
  auth<M extends NamesOf<D, 'auth'>>(method: M, ...params: ParamsOf<D, 'auth', M>): Promise<ResultOf<D, 'auth', M>>;
}

/** What a model has besides. */
export interface DescribedModel<D, T> extends Described<D, { change: Partial<T> }> {
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

/** The same, and any name when the description gives none. Parted so that the compiler shows the names, not this type. */
export type NamesOf<D, K extends Kind> =
  Part<D, K> extends infer P ? ([keyof P] extends [never] ? string : keyof P & string) : never;

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
export type ParamsOf<D, K extends Kind, Name, More extends unknown[] = []> = [Method<D, K, Name>] extends [never]
  ? [params?: unknown, ...more: More]
  : Method<D, K, Name> extends (...params: infer P) => unknown
    ? P extends readonly []
      ? [params?: undefined, ...more: More]
      : P extends readonly [infer Only]
        ? [params: Only, ...more: More]
        : [params?: P[0 & keyof P], ...more: More]
    : never;

/** What a method resolves with. */
export type ResultOf<D, K extends Kind, Name> = [Method<D, K, Name>] extends [never]
  ? unknown
  : Method<D, K, Name> extends (...params: never) => infer R
    ? Awaited<R>
    : never;

/** What `set` takes: an object, unless it is described. */
export type SetOf<D> = 'set' extends NameOf<D, 'methods'> ? ParamsOf<D, 'methods', 'set'>[0] : object;

/** A resource ID that fits a pattern, or else the patterns; any without a schema. */
export type KnownRid<S, Rid extends string> = 0 extends 1 & Rid
  ? Rid
  : unknown extends S
    ? Rid
    : Misfits<S, Rid> extends true
      ? keyof S & string
      : Rid;

/**
 * Whether a resource ID fits no pattern of a kind. The first condition is met by none but what the compiler puts in place of a type
 * parameter to see whether this could be true; so it takes one for what it may stand for.
 */
export type Misfits<S, Rid extends string, Kind = unknown> = [Rid] extends [never]
  ? false
  : [PatternOf<S, Rid>] extends [never]
    ? true
    : ResourceOf<S, Rid> extends Kind
      ? false
      : true;

/** A resource ID of which a schema says nothing, because there is none, or the ID is only known at run time. */
export type OtherRid<S, Rid extends string> =
  Record<never, 1> extends Record<Rid, 1>
    ? [PatternOf<S, Rid>] extends [never]
      ? Rid
      : never
    : unknown extends S
      ? Rid
      : never;

/**
 * Parameters of a method that is not described, and what comes behind them. For one that is they are more than anybody gives: this
 * is not what the compiler complains of then.
 */
export type OtherArgs<S, Rid extends string, K extends Kind, More extends unknown[]> = [
  PatternOf<S, Rid> extends never ? OtherRid<S, Rid> : OtherName<DescriptionOf<S, Rid>, K, Rid>,
] extends [never]
  ? TooMany
  : [params?: unknown, ...more: More];

type TooMany = [never, never, never, never, never, never];

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
