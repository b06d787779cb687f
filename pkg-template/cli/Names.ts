import { isId } from './patterns.js';

/** Gives interfaces names that are not taken. */
export class Names {
  private readonly taken: Set<string>;
  /** The number that a name may have next. */
  private readonly numbers = new Map<string, number>();

  constructor(taken: Iterable<string>) {
    this.taken = new Set(taken);
  }

  /** After the last part of a pattern that is a word, and as many before it as it takes. */
  ofPattern(pattern: string, suffix = ''): string {
    const words = pattern.split('.').map((part) => (isId(part) ? '' : pascal(part)));
    const parts = words.filter(Boolean);
    if (parts.length === 0) parts.push('Resource');
    return this.take(parts.map((_, i) => parts.slice(-1 - i).join('') + suffix));
  }

  /** After the owner of a member and the member. */
  ofMember(owner: string, member: string): string {
    return this.take([owner + (pascal(member) || 'Data')]);
  }

  /** The first that is free, or else the last with a number. */
  private take(candidates: string[]): string {
    const names = candidates.map((name) => (/^\p{ID_Start}/u.test(name) ? name : `R${name}`));
    const name = names.find((candidate) => !this.taken.has(candidate)) ?? this.numbered(names.at(-1)!);
    this.taken.add(name);
    return name;
  }

  private numbered(name: string): string {
    let n = this.numbers.get(name) ?? 2;
    while (this.taken.has(`${name}${n}`)) n += 1;
    this.numbers.set(name, n + 1);
    return `${name}${n}`;
  }
}

const pascal = (text: string): string =>
  text
    .split(/[\P{ID_Continue}_]+/u)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
