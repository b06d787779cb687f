import { computed, type ComputedRef } from 'vue';
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
  const value = (name: PropertyKey): unknown => {
    let part = parts.get(name);
    if (!part) parts.set(name, (part = computed(() => own(name))));
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
