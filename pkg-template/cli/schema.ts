import { Names } from './Names.js';
import { patternsOf } from './patterns.js';
import { declaration, genericMember, member } from './print.js';
import type { Members, Resources } from './resources.js';
import { MemberShapes, Shape } from './Shape.js';

/** Writes what resources are as an interface `Api` for `ResClient<Api>`, the same for the same resources. */
export function writeSchema(resources: Resources): string {
  return new SchemaWriter(resources).write();
}

/** What the resources of a pattern are. */
type Kind = { members: MemberShapes } | { items: Shape };

class SchemaWriter {
  private readonly names = new Names(['Api', 'Record', ...IMPORTS]);
  private readonly kinds = new Map<string, Kind>();
  private readonly patterns = new Map<string, string>();
  /** Names of the interfaces, and what declares them. */
  private readonly named = new Map<MemberShapes, string>();
  private readonly declarations: string[] = [];
  private readonly used = new Set<string>();

  constructor(resources: Resources) {
    const isCollection = (rid: string) => Array.isArray(resources.get(rid));
    for (const [pattern, rids] of patternsOf(resources.keys(), isCollection)) {
      for (const rid of rids) this.patterns.set(rid, pattern);
      const all = rids.map((rid) => resources.get(rid)!);
      this.kinds.set(pattern, isCollection(rids[0]!) ? itemsIn(all) : membersIn(all as Members[]));
    }
  }

  write(): string {
    // First of all, so that what is in models does not take their names.
    for (const [pattern, kind] of this.kinds) {
      if ('members' in kind) this.named.set(kind.members, this.names.ofPattern(pattern));
    }
    const entries = Array.from(this.kinds, ([pattern, kind]) =>
      'members' in kind
        ? member(pattern, [this.ofPattern(pattern, [])])
        : genericMember(pattern, this.use('Collection'), this.itemsOf(pattern, kind.items, [])),
    );
    for (const kind of this.kinds.values()) if ('members' in kind) this.declare(kind.members);
    const imports = `import type { ${[...this.used].sort().join(', ')} } from 'resclient-wasm';\n`;
    return `${HEAD}${imports}\n${[declaration('Api', entries), ...this.declarations].join('\n')}`;
  }

  private declare(members: MemberShapes): void {
    const name = this.named.get(members)!;
    const place = this.declarations.push('') - 1;
    const lines = members.list().map(({ name: key, shape, isOptional }) => {
      const nameIt = () => this.names.ofMember(name, key);
      return member(key, this.union(shape, nameIt, []), isOptional);
    });
    this.declarations[place] = declaration(name, lines);
  }

  /**
   * `within` are the collections it is an item of, for those have no name: they are written out where they are, and never in
   * themselves, nor further than a reader follows.
   */
  private ofPattern(pattern: string, within: string[]): string {
    const kind = this.kinds.get(pattern)!;
    if ('members' in kind) return `${this.use('Model')}<${this.named.get(kind.members)}>`;
    if (within.includes(pattern) || within.length === DEEPEST) return this.use('Collection');
    return `${this.use('Collection')}<${this.itemsOf(pattern, kind.items, within).join(' | ')}>`;
  }

  private itemsOf(pattern: string, items: Shape, within: string[]): string[] {
    return this.union(items, () => this.names.ofPattern(pattern, 'Item'), [...within, pattern]);
  }

  /** The types a place may have; JSON objects there become an interface with a name. */
  private union(shape: Shape, nameIt: () => string, within: string[]): string[] {
    const union = this.referred(shape.references, within);
    const soft = this.referred(shape.soft, within);
    if (soft.length > 0) union.push(`${this.use('ResRef')}<${soft.join(' | ')}>`);
    if (shape.members) {
      if (!this.named.has(shape.members)) {
        this.named.set(shape.members, nameIt());
        this.declare(shape.members);
      }
      union.push(this.named.get(shape.members)!);
    }
    if (shape.items) {
      const items = this.union(shape.items, nameIt, within);
      union.push(items.length > 1 ? `(${items.join(' | ')})[]` : `${items[0]}[]`);
    }
    union.push(...PRIMITIVES.filter((primitive) => shape.primitives.has(primitive)));
    return union.length > 0 ? union : ['unknown'];
  }

  private referred(rids: Iterable<string>, within: string[]): string[] {
    const types = Array.from(rids, (rid) => {
      const pattern = this.patterns.get(rid);
      return pattern === undefined ? this.use('Resource') : this.ofPattern(pattern, within);
    });
    return [...new Set(types)].sort();
  }

  private use(name: (typeof IMPORTS)[number]): string {
    this.used.add(name);
    return name;
  }
}

function membersIn(models: Members[]): Kind {
  const members = new MemberShapes();
  for (const model of models) members.add(model, (shape, value) => shape.addValue(value));
  return { members };
}

function itemsIn(collections: readonly unknown[]): Kind {
  const items = new Shape();
  for (const value of collections.flat()) items.addValue(value);
  return { items };
}

const HEAD =
  '// Written by resclient-wasm types from what the resources held, as a start. Change what it could not know.\n';
const IMPORTS = ['Collection', 'Model', 'ResRef', 'Resource'] as const;
/** Levels of collections in collections. */
const DEEPEST = 2;
const PRIMITIVES = ['string', 'number', 'boolean', 'null'] as const;
