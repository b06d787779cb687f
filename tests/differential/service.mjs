/**
 * What a service knows: resources by ID, each `{model}`, `{collection}` or `{missing: true}`, with values as they are written in
 * the RES protocol.
 */
export class Service {
  resources;
  denied = new Set();

  constructor(resources) {
    this.resources = new Map(Object.entries(structuredClone(resources)));
  }

  get(rid) {
    return this.resources.get(rid) ?? MISSING;
  }

  /** Why a resource cannot be had, or null. */
  refusal(rid) {
    if (this.denied.has(rid)) return { code: 'system.accessDenied', message: 'Access denied' };
    return this.get(rid).missing ? NOT_FOUND : null;
  }

  /** Changes a resource; answers the event there is to send, or null. */
  mutate(rid, mutation) {
    const { model, collection } = this.get(rid);
    switch (mutation.kind) {
      case 'change': {
        if (!model) return null;
        const values = {};
        for (const [key, value] of Object.entries(mutation.values)) {
          if (isDelete(value) ? !Object.hasOwn(model, key) : same(model[key], value) && !mutation.noop) continue;
          values[key] = value;
          if (isDelete(value)) delete model[key];
          else model[key] = value;
        }
        return Object.keys(values).length > 0 ? { event: 'change', data: { values } } : null;
      }
      case 'add': {
        if (!collection) return null;
        const idx = Math.min(mutation.idx, collection.length);
        collection.splice(idx, 0, mutation.value);
        return { event: 'add', data: { idx, value: mutation.value } };
      }
      case 'remove': {
        if (!collection?.length) return null;
        const idx = mutation.idx % collection.length;
        collection.splice(idx, 1);
        return { event: 'remove', data: { idx } };
      }
      case 'custom':
        return model || collection ? { event: mutation.event, data: mutation.data } : null;
      case 'delete':
        if (!model && !collection) return null;
        this.resources.set(rid, MISSING);
        return { event: 'delete', data: undefined };
      default:
        throw new Error(`no such mutation: ${mutation.kind}`);
    }
  }
}

/** The resources a resource, or a value of one, refers to, soft references aside. */
export function references({ model, collection }) {
  const values = model ? Object.values(model) : (collection ?? []);
  return values.filter(isReference).map(({ rid }) => rid);
}

export const isReference = (value) => typeof value?.rid === 'string' && !value.soft;
export const isDelete = (value) => value?.action === 'delete';
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

export const MISSING = Object.freeze({ missing: true });
export const NOT_FOUND = { code: 'system.notFound', message: 'Not found' };
