import { computed, type ComputedRef, getCurrentScope, watch } from 'vue';
import { alike } from './alike.js';

/** The members of a plain object that is another from time to time. Who reads one depends on that one alone. */
export function reactiveMembers(source: () => object | undefined): object {
  const parts = new Map<PropertyKey, ComputedRef<unknown>>();
  const names = computed<string[]>((before) => {
    const found = Object.keys(source() ?? {});
    return before && alike(before, found) ? before : found;
  });
  const own = (name: PropertyKey): unknown => {
    const found = source();
    return found && Object.hasOwn(found, name) ? (found as Record<PropertyKey, unknown>)[name] : undefined;
  };
  const scope = getCurrentScope();
  let forgets = false;
  /** Who has read a member that has gone hears of it by the part that was there then, also when it comes back. */
  const forget = (found: string[]): void => {
    const left = new Set<PropertyKey>(found);
    for (const name of parts.keys()) if (!left.has(name)) parts.delete(name);
  };
  const value = (name: PropertyKey): unknown => {
    let part = parts.get(name);
    if (!part) {
      parts.set(name, (part = computed(() => own(name))));
      // Not before somebody reads members, which may be in a render.
      if (!forgets && scope?.active) scope.run(() => watch(names, forget, { flush: 'sync' }));
      forgets = true;
    }
    return part.value;
  };
  return new Proxy(
    {},
    {
      // Vue asks what it is itself by names of its own.
      get: (_, name) => (String(name).startsWith('__v_') ? undefined : value(name)),
      has: (_, name) => names.value.includes(name as string),
      ownKeys: () => names.value,
      // Who asks for names reads no values.
      getOwnPropertyDescriptor: (_, name) =>
        names.value.includes(name as string)
          ? { get: () => value(name), enumerable: true, configurable: true }
          : undefined,
      set: () => false,
      deleteProperty: () => false,
    },
  );
}
