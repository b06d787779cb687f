import { isObject, isReference, isSoftReference, type Members } from './resources.js';

/** What has been seen in one place: in a member of all models of a pattern, or among all items of a collection. */
export class Shape {
  readonly primitives = new Set<'string' | 'number' | 'boolean' | 'null'>();
  /** Resources referred to, and those referred to softly. */
  readonly references = new Set<string>();
  readonly soft = new Set<string>();
  /** Of JSON arrays, their items; of JSON objects, their members. */
  items: Shape | null = null;
  members: MemberShapes | null = null;

  /** Adds a value of a model or collection. */
  addValue(value: unknown): void {
    if (isReference(value)) this.references.add(value.rid);
    else if (isSoftReference(value)) this.soft.add(value.rid);
    else this.addJson(isObject(value) && Object.hasOwn(value, 'data') ? value['data'] : value);
  }

  /** Adds a value of which nothing stands for something else. What is nested deeper than `levels` stays unknown. */
  addJson(value: unknown, levels = DEEPEST): void {
    if (levels === 0) return;
    if (Array.isArray(value)) {
      this.items ??= new Shape();
      for (const item of value) this.items.addJson(item, levels - 1);
    } else if (isObject(value)) {
      this.members ??= new MemberShapes();
      this.members.add(value, (shape, member) => shape.addJson(member, levels - 1));
    } else {
      this.primitives.add(value === null ? 'null' : (typeof value as 'string' | 'number' | 'boolean'));
    }
  }
}

/** Levels of JSON that are described. */
const DEEPEST = 32;

/** The members of all models, or JSON objects, in one place. */
export class MemberShapes {
  private readonly shapes = new Map<string, { shape: Shape; times: number }>();
  private objects = 0;

  add(object: Members, addTo: (shape: Shape, value: unknown) => void): void {
    this.objects += 1;
    for (const [name, value] of Object.entries(object)) {
      let member = this.shapes.get(name);
      if (!member) this.shapes.set(name, (member = { shape: new Shape(), times: 0 }));
      member.times += 1;
      addTo(member.shape, value);
    }
  }

  /** In order of their names; optional are those that not every object had. */
  list(): { name: string; shape: Shape; isOptional: boolean }[] {
    return [...this.shapes]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { shape, times }]) => ({ name, shape, isOptional: times < this.objects }));
  }
}
