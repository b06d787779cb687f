import type { ResCollection } from './ResCollection.js';
import type { ResError } from './ResError.js';
import type { ModelOf } from './schema.js';

/** What is known of a resource. A new object whenever any of it is another, and only then. */
export type ResourceResult<D, R> = Refetch &
  (
    | {
        status: 'pending';
        /** The members of the model or the items of the collection, as they were when they changed last; before, what was given. */
        data: D | undefined;
        /** Why there is no resource, or none any more. */
        error: null;
        /** The model or collection itself, to call its methods. */
        resource: undefined;
        isPending: true;
        isSuccess: false;
        isError: false;
        /** Whether it was asked for and there is no answer yet. False while there is no resource ID. */
        isLoading: boolean;
      }
    | {
        status: 'success';
        data: D;
        error: null;
        resource: R;
        isPending: false;
        isSuccess: true;
        isError: false;
        isLoading: false;
      }
    | {
        status: 'error';
        /** What it was before, if it was ever there. */
        data: D | undefined;
        error: ResError;
        resource: undefined;
        isPending: false;
        isSuccess: false;
        isError: true;
        isLoading: false;
      }
  );

/** What is known of a resource of which there are data. */
export type ResourceData<D, R> = ResourceResult<D, R> & { data: D };

interface Refetch {
  /**
   * Whether `data` may be out of date: there is no connection, or there is one again and what is cached is being compared, or the
   * resource has lost its subscription and has not come anew, or it could not be had any more, or nothing has come yet since data
   * were given.
   */
  isStale: boolean;
  /**
   * Asks for the resource again after an error: it is pending until the answer, when what is returned resolves. It is done anyway
   * after a while, when the client has connected, and when it was had for another component.
   */
  refetch: () => Promise<void>;
}

/** A plain copy of one level: the members of a model, the items of a collection. Resources in it are live. */
export type Snapshot<R> =
  R extends ResCollection<infer T> ? readonly T[] : R extends ModelOf<infer T> ? Readonly<T> : never;
