import type { Resource } from './client.js';

/** What a reference needs of its client. */
interface Getter {
  get<R extends object = Resource>(rid: string): Promise<R>;
}

/** A soft reference: a value that names a resource without subscribing to it. */
export class ResRef<R extends object = Resource> {
  /** References are made by the client. */
  constructor(
    private readonly _api: Getter,
    private readonly _rid: string,
  ) {}

  /** ID of the resource referred to. */
  get rid(): string {
    return this._rid;
  }

  /** Gets the resource referred to. */
  get(): Promise<R> {
    return this._api.get<R>(this._rid);
  }

  /** Whether the other value is a soft reference to the same resource by the same client. */
  equals(other: unknown): boolean {
    return isReference(other) && other._api === this._api && other._rid === this._rid;
  }

  /** The reference as the protocol has it. */
  toJSON(): { rid: string } {
    return { rid: this._rid };
  }
}

const isReference = (value: unknown): value is ResRef => value instanceof ResRef;
