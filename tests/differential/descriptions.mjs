/**
 * Describes what a client hands out so that two clients can be compared. A resource is named by its ID and, since it is to be the same
 * object as long as it is cached, by how many objects there were of this ID.
 */
export class Descriptions {
  #numbers = new WeakMap();
  #counts = new Map();

  /** One value, without what is inside a resource. */
  describe(value) {
    if (value === undefined) return { undefined: true };
    if (typeof value !== 'object' || value === null) return value;
    if (typeof value.getResourceId === 'function') {
      if ('code' in value) return this.#error(value);
      return { [kindOf(value)]: this.#name(value) };
    }
    if (typeof value.equals === 'function') return { soft: value.rid };
    if (value instanceof Error) return { thrown: value.message };
    if (typeof value.type === 'string') return { event: value.type };
    if (value.code !== undefined) return { code: value.code, message: value.message, data: value.data?.type };
    return { data: this.#plain(value) };
  }

  /** The data of an event, whose members may be resources. */
  payload(data) {
    if (typeof data !== 'object' || data === null || Object.getPrototypeOf(data) !== Object.prototype) {
      return this.describe(data);
    }
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, this.describe(value)]));
  }

  /** Everything a resource lets one read. */
  read(item) {
    const self = this.describe(item);
    if (item.props) {
      const members = this.#all(item.props);
      const own = Object.keys(item.props).filter((key) => Object.is(item[key], item.props[key]));
      return { self, members, own: own.sort() };
    }
    if (item.list) return { self, items: item.list.map((v) => this.describe(v)), length: item.length };
    return { self };
  }

  /** Plain data, in which there should be no resources. */
  #plain(value) {
    if (typeof value !== 'object' || value === null) return value;
    if (typeof value.getResourceId === 'function') return this.describe(value);
    if (Array.isArray(value)) return value.map((item) => this.#plain(item));
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#plain(item)]));
  }

  #all(props) {
    return Object.fromEntries(
      Object.keys(props)
        .sort()
        .map((key) => [key, this.describe(props[key])]),
    );
  }

  #error({ rid, method, params, code, message, data }) {
    return { error: rid, method, params, code, message, data };
  }

  #name(item) {
    let number = this.#numbers.get(item);
    const rid = item.getResourceId();
    if (number === undefined) {
      number = (this.#counts.get(rid) ?? 0) + 1;
      this.#counts.set(rid, number);
      this.#numbers.set(item, number);
    }
    return `${rid}#${number}`;
  }
}

const kindOf = (item) => (item.props ? 'model' : 'collection');
