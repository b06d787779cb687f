/** Resource IDs by the pattern they are in, both in order. Resources of one name are one, whatever their query is. */
export function patternsOf(rids: Iterable<string>, isCollection: (rid: string) => boolean): Map<string, string[]> {
  const byName = grouped(rids, (rid) => rid.split('?', 1)[0]!);
  const byPattern = grouped(byName.keys(), generalised);
  const patterns = new Map<string, string[]>();
  for (const [pattern, names] of byPattern) {
    const all = names.flatMap((name) => byName.get(name)!);
    const areAlike = all.every((rid) => isCollection(rid) === isCollection(all[0]!));
    if (names.length > 1 && areAlike) patterns.set(pattern, all);
    else for (const name of names) patterns.set(name, byName.get(name)!);
  }
  return new Map([...patterns].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const generalised = (name: string): string =>
  name
    .split('.')
    .map((part) => (isId(part) ? '*' : part))
    .join('.');

/** Numbers, hexadecimal digits such as those of a UUID, and long words with digits in them. */
export const isId = (part: string): boolean =>
  /^\d+$/.test(part) || (/\d/.test(part) && (/^[\da-f-]{8,}$/i.test(part) || /^(?=.*[a-z])[\w-]{16,}$/i.test(part)));

function grouped(texts: Iterable<string>, keyOf: (text: string) => string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const text of [...texts].sort()) {
    const key = keyOf(text);
    const group = groups.get(key);
    if (group) group.push(text);
    else groups.set(key, [text]);
  }
  return groups;
}
