/** An interface of members, as Prettier formats it. */
export const declaration = (name: string, members: string[]): string =>
  members.length > 0
    ? `export interface ${name} {\n${members.join('')}}\n`
    : `export type ${name} = Record<string, unknown>;\n`;

/** A member of an interface: its types in one line, or each in one of its own where that is too long. */
export function member(name: string, union: string[], isOptional = false): string {
  const key = `  ${keyOf(name)}${isOptional ? '?' : ''}:`;
  const line = `${key} ${union.join(' | ')};\n`;
  return fits(line) || union.length === 1 ? line : `${key}\n${inLines(union)};\n`;
}

/** The same of a generic type and the types it may be of. */
export function genericMember(name: string, generic: string, union: string[]): string {
  const key = `  ${keyOf(name)}: ${generic}<`;
  const line = `${key}${union.join(' | ')}>;\n`;
  return fits(line) ? line : `${key}\n${union.length > 1 ? inLines(union) : `    ${union[0]}`}\n  >;\n`;
}

const fits = (line: string): boolean => line.length <= WIDTH + 1;
const inLines = (union: string[]): string => union.map((type) => `    | ${type}`).join('\n');
const keyOf = (name: string): string => (IDENTIFIER.test(name) ? name : quoted(name));

/** A string literal. What a gateway sends cannot end it. */
function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(/[\\'\p{Cc}\p{Cs}\u2028\u2029]/gu, (char) => {
    if (char === "'") return quote === "'" ? "\\'" : char;
    return char === '\\' ? '\\\\' : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return quote + escaped + quote;
}

/** Names without quotes, of which Prettier takes characters beyond U+FFFF for none. */
const IDENTIFIER = /^(?!.*[^\0-\uffff])[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
/** Characters of a line. */
const WIDTH = 80;
