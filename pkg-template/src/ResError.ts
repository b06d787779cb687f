/** What a RES error object holds. */
export interface ErrorObject {
  code?: string;
  message?: string;
  data?: unknown;
}

/** An error of a RES API, or of the connection to it. Not an `Error`: it has no stack. */
export class ResError {
  /** Resource ID, empty when the error is not about one. */
  readonly rid: string;
  /** The request that failed, such as `call.example.model.set`. Absent for an error that stands in for a resource. */
  declare readonly method?: string;
  /** Parameters of the request that failed. Those of `authenticate` are not enumerable: they are not for logs. */
  declare readonly params?: unknown;
  private _code = 'system.unknownError';
  private _message = 'Unknown error';
  private _data: unknown = undefined;

  /** `rid` is the resource that was asked for, `method` and `params` what was called on it, if anything was. */
  constructor(rid: string, method?: string, params?: unknown) {
    this.rid = rid;
    if (method) {
      this.method = method;
      // Errors end up in logs, where what somebody authenticates with has no place. Whoever handles one may look.
      Object.defineProperty(this, 'params', { ...MEMBER, enumerable: !method.startsWith('auth.'), value: params });
    }
  }

  /** @internal */
  __init(error: ErrorObject): this {
    this._code = text(error.code) || 'system.unknownError';
    this._message = text(error.message) || 'Unknown error';
    this._data = error.data;
    return this;
  }

  /** Error code, such as `system.notFound`. */
  get code(): string {
    return this._code;
  }

  /** A description meant for people. */
  get message(): string {
    return this._message;
  }

  /** Further data, as the service sent it. */
  get data(): unknown {
    return this._data;
  }

  /** Code and description, for logs. */
  toString(): string {
    return `${this._code}: ${this._message}`;
  }

  /** ID of the resource that was asked for. */
  getResourceId(): string {
    return this.rid;
  }
}

/** Whether a value is a {@link ResError}. */
export function isResError(value: unknown): value is ResError {
  return value instanceof ResError;
}

const MEMBER = { configurable: true, writable: true };

/** What a service sends for text may be anything. */
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
