import { same } from './equal.js';
import { setMember } from './members.js';

/** Types a property may be defined to have. With a question mark null is a value too. */
export type PropertyType =
  | 'any'
  | 'string'
  | '?string'
  | 'number'
  | '?number'
  | 'boolean'
  | '?boolean'
  | 'object'
  | '?object'
  | 'function'
  | '?function';

/** Definition of a property. */
export interface PropertyDefinition {
  type: PropertyType;
  /** Value of a property that is not set. */
  default?: unknown;
  /** Throws when the value is not acceptable. */
  assert?: (value: unknown) => void;
  /** Called with a value before its type is checked; answers the value to use. */
  filter?: (value: never) => unknown;
  /** Name in the target when it is not that in the source. */
  property?: string;
}

/** Members of a model, by name: what type each has. */
export type Definition = Record<string, PropertyType | PropertyDefinition>;

/**
 * @internal
 * Sets in `target` what `definition` defines: the default first, then what `source` has. A string is converted to the
 * type; undefined stands for the default. Answers the old values of what changed, or null. A value that does not fit
 * changes nothing and goes to `refuse`.
 */
export function update(
  target: object,
  source: object | null | undefined,
  definition: Definition,
  refuse: (property: string, error: Error) => void,
): Record<string, unknown> | null {
  const to = target as Record<string, unknown>;
  const from = (source ?? {}) as Record<string, unknown>;
  let changed: Record<string, unknown> | null = null;
  for (const key of Object.keys(definition)) {
    const property = normal(definition[key]!);
    const name = property.property ?? key;
    const given = Object.hasOwn(from, key);
    const known = Object.hasOwn(to, name);
    if (known && !given) continue;
    const old = known ? to[name] : undefined;
    let value = known ? old : initial(property);
    if (given) {
      try {
        value = from[key] === undefined ? initial(property) : fitted(property, from[key]);
      } catch (error) {
        refuse(key, error as Error);
      }
    }
    if (known && same(old, value)) continue;
    setMember((changed ??= {}), name, old);
    setMember(to, name, value);
  }
  return changed;
}

const normal = (definition: PropertyType | PropertyDefinition): PropertyDefinition =>
  typeof definition === 'string' ? { type: definition } : definition;

function initial(property: PropertyDefinition): unknown {
  if (Object.hasOwn(property, 'default')) return property.default;
  switch (property.type) {
    case 'string':
      return '';
    case 'number':
      return 0;
    case 'boolean':
      return false;
    case 'object':
      return {};
    case 'function':
      return () => {};
    default:
      return null;
  }
}

/** The value as the property holds it. Throws when it does not fit. */
function fitted(property: PropertyDefinition, given: unknown): unknown {
  let value = typeof given === 'string' ? converted(property.type, given) : given;
  if (property.filter) value = (property.filter as (value: unknown) => unknown)(value);
  check(property.type, value);
  property.assert?.(value);
  return value;
}

function check(type: PropertyType, value: unknown): void {
  if (type === 'any') return;
  const nullable = type.startsWith('?');
  if (value === null && nullable) return;
  const plain = nullable ? type.slice(1) : type;
  if (typeof value === plain && value !== null) return;
  const article = plain === 'object' ? 'an' : 'a';
  throw new Error(`Not ${article} ${plain}${nullable ? ' or null' : ''}`);
}

function converted(type: PropertyType, text: string): unknown {
  const lower = text.toLowerCase();
  if (lower === 'null' && (type === '?number' || type === '?boolean')) return null;
  switch (type) {
    case 'number':
    case '?number': {
      if (text === '' && type === '?number') return null;
      const number = Number(text);
      if (Number.isNaN(number)) throw new Error('Not a number format');
      return number;
    }
    case 'boolean':
    case '?boolean':
      if (['true', '1', 'yes'].includes(lower)) return true;
      if (['false', '0', 'no'].includes(lower)) return false;
      throw new Error('Not a boolean format');
    case 'object':
    case '?object':
      return JSON.parse(text);
    default:
      return text;
  }
}
