/** A level of the pattern tree. Maps, because parts of a pattern may be named like members of `Object`. */
interface Node<F> {
  readonly parts: Map<string, Node<F>>;
  factory?: F;
}

/** Factories by resource name pattern. `*` stands for one part, `>` at the end for one part or more. */
export class TypeList<F> {
  private readonly root: Node<F> = { parts: new Map() };
  private count = 0;

  /** `defaultFactory` is for what no pattern matches. */
  constructor(private readonly defaultFactory?: F) {}

  /** @internal Whether nothing is registered. */
  get __isEmpty(): boolean {
    return this.count === 0;
  }

  /** Throws when the pattern is invalid or taken. */
  addFactory(pattern: string, factory: F): void {
    const parts = pattern.split('.');
    const isValid = parts.every((part, i) => part !== '' && (part !== '>' || i === parts.length - 1));
    if (!isValid) throw new Error('Invalid pattern');
    let node = this.root;
    for (const part of parts) {
      let next = node.parts.get(part);
      if (!next) node.parts.set(part, (next = { parts: new Map() }));
      node = next;
    }
    if (node.factory) throw new Error('Pattern already registered');
    node.factory = factory;
    this.count += 1;
  }

  /** The factory that was registered under the pattern, if any. */
  removeFactory(pattern: string): F | undefined {
    let node: Node<F> | undefined = this.root;
    for (const part of pattern.split('.')) node = node?.parts.get(part);
    const factory = node?.factory;
    if (node && factory) {
      delete node.factory;
      this.count -= 1;
    }
    return factory;
  }

  /** The factory of the best pattern for a resource, or else the default one: text goes before `*`, and `*` before `>`, from left to right. */
  getFactory(rid: string): F | undefined {
    if (this.count === 0) return this.defaultFactory;
    const query = rid.indexOf('?');
    return match((query < 0 ? rid : rid.slice(0, query)).split('.'), 0, this.root) ?? this.defaultFactory;
  }
}

/** Patterns are the application's, so the depth of this recursion is too. */
function match<F>(parts: string[], i: number, node: Node<F>): F | undefined {
  const part = parts[i]!;
  // A wildcard in a resource name is no wildcard.
  const text = part === '*' || part === '>' ? undefined : node.parts.get(part);
  for (const next of [text, node.parts.get('*')]) {
    if (!next) continue;
    const found = i + 1 === parts.length ? next.factory : match(parts, i + 1, next);
    if (found) return found;
  }
  return node.parts.get('>')?.factory;
}
