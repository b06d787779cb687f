/** The names space-separated events stand for: the namespace itself, for no events, is one. Throws when they are not text. */
export function eventNames(events: unknown, namespace: unknown): string[] {
  if (!events) return [(namespace as string | undefined) || ''];
  if (typeof events !== 'string') throw new TypeError('Event names must be a string');
  const prefix = namespace ? `${namespace as string}.` : '';
  return (events.match(/\S+/g) ?? []).map((name) => prefix + name);
}

/** How many they are. */
export const countEvents = (events: unknown): number => eventNames(events, '').length;
