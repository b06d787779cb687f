import { defineMember } from './members.js';
import { ResModel } from './ResModel.js';

/** Answers the value of a member that has not been read yet. */
export type ReadMember = (name: string) => unknown;

/** Under which an object with unread members holds its {@link ReadMember}. */
export const READ_MEMBER: unique symbol = Symbol('resclient.readMember');

/** A member's name. */
export interface Name {
  readonly text: string;
  /** Whether a member of this name shows on the model itself. */
  readonly promoted: boolean;
  /** Whether objects have a property of this name by themselves, so that reading or assigning it may do something else. */
  readonly inherited: boolean;
}

/** Names of members by the engine's numbers, and what can be known of a name alone. */
export class Names {
  private readonly names: Name[] = [];
  private readonly promoted = new Map<string, boolean>();
  /** The names of the last model, in its order, and what was found of them. */
  private readonly row: string[] = [];
  private readonly rowPromoted: boolean[] = [];
  private readonly accessors = new Map<string, PropertyDescriptor & ThisType<Lazy>>();

  /** `json` is the name as a JSON string. */
  set(key: number, json: string): void {
    // As a property name the string is one that the JavaScript engine compares by its address.
    // `__proto__` in a literal is a property only because its name is computed.
    const text = Object.keys({ [JSON.parse(json) as string]: 0 })[0]!;
    this.names[key] = { text, promoted: this.isPromoted(text), inherited: text in Object.prototype };
  }

  get(key: number): Name {
    const name = this.names[key];
    if (name === undefined) throw new Error(`resclient-wasm: member name ${key} is not known`);
    return name;
  }

  /** Whether a member of this name shows on the model itself. */
  isPromoted(name: string): boolean {
    let promoted = this.promoted.get(name);
    if (promoted === undefined) {
      promoted = name[0] !== '_' && !(name in ResModel.prototype);
      bound(this.promoted);
      this.promoted.set(name, promoted);
    }
    return promoted;
  }

  /** The same of a member's name by its place: mostly the model before had the same one there. */
  isPromotedAt(place: number, name: string): boolean {
    if (place >= LONGEST_ROW) return this.isPromoted(name);
    if (this.row[place] !== name) {
      this.row[place] = name;
      this.rowPromoted[place] = this.isPromoted(name);
    }
    return this.rowPromoted[place]!;
  }

  /** A property that is read on first use. One for all models, so that these keep a common shape. */
  accessor(name: string): PropertyDescriptor {
    let accessor = this.accessors.get(name);
    if (accessor === undefined) {
      accessor = {
        get(this: Lazy) {
          return this[READ_MEMBER](name);
        },
        set(this: Lazy, value: unknown) {
          defineMember(this, name, value);
        },
        enumerable: true,
        configurable: true,
      };
      bound(this.accessors);
      this.accessors.set(name, accessor);
    }
    return accessor;
  }
}

/** An object with unread members. */
interface Lazy {
  [READ_MEMBER]: ReadMember;
}

/** Names come from outside, so what is remembered of them is bounded. */
function bound(map: Map<string, unknown>): void {
  if (map.size >= MOST_NAMES) map.clear();
}

const MOST_NAMES = 4096;
/** Members of most models. */
const LONGEST_ROW = 64;
