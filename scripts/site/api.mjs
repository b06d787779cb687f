import { join } from 'node:path';
import prettier from 'prettier';
import ts from 'typescript';
import { pkg } from '../lib/places.mjs';

/** The entries of the package, in the order in which one learns of them. */
const ENTRIES = [
  ['index', 'resclient-wasm'],
  ['react', 'resclient-wasm/react'],
  ['vue', 'resclient-wasm/vue'],
  ['svelte', 'resclient-wasm/svelte'],
  ['solid', 'resclient-wasm/solid'],
  ['slim', 'resclient-wasm/slim'],
];

/** The reference as Markdown, a page for each entry, from the declarations that are published: `[{ file, name, text }]`. */
export async function apiReference() {
  const paths = ENTRIES.map(([file]) => join(pkg, `types/${file}.d.ts`));
  const program = ts.createProgram(paths, {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    skipLibCheck: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  const described = new Map();
  const pages = [];
  for (const [at, [file, name]] of ENTRIES.entries()) {
    const source = checker.getSymbolAtLocation(program.getSourceFile(paths[at]));
    const symbols = checker.getExportsOfModule(source).filter((symbol) => symbol.escapedName !== 'default');
    const text = new Entry(checker, symbols, described).page(name, file);
    pages.push({ file: `api/${file}`, name, text: await wrapped(text) });
  }
  return pages;
}

/** The same with code that is not wider than a page. */
async function wrapped(text) {
  const parts = text.split(/(```ts\n[^]*?\n```)/);
  return (await Promise.all(parts.map((part) => (part.startsWith('```') ? formatted(part) : part)))).join('');
}

async function formatted(block) {
  const text = block.slice(6, -4);
  const isMember = !/^(abstract )?(class|function|interface|type|const) /.test(text);
  const source = text.startsWith('class') ? `${text} {}` : isMember ? `declare class C {\n${text}\n}` : text;
  const lines = (await prettier.format(source, { parser: 'typescript', printWidth: 84, singleQuote: true })).trimEnd();
  const shown = isMember
    ? lines
        .split('\n')
        .slice(1, -1)
        .map((line) => line.slice(2))
        .join('\n')
    : lines.replace(/ \{\}$/, '');
  return fence(shown).trimEnd();
}

class Entry {
  #checker;
  #symbols;
  /** Declarations that the page of an earlier entry has, and which it is. */
  #described;
  #file;

  constructor(checker, symbols, described) {
    this.#checker = checker;
    this.#symbols = symbols.map((symbol) =>
      symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
    );
    this.#described = described;
  }

  page(name, file) {
    const own = this.#symbols.filter((symbol) => !this.#described.has(symbol.declarations[0]));
    const shared = this.#symbols.filter((symbol) => this.#described.has(symbol.declarations[0]));
    for (const symbol of own) this.#described.set(symbol.declarations[0], file);
    this.#file = file;
    const also = shared.length
      ? `\nWhat it shares with \`resclient-wasm\` is described [there](index.md): ${shared.map((s) => `\`${s.name}\``).join(', ')}.\n`
      : '';
    const groups = GROUPS.map(([title, flags]) => {
      const members = own.filter((symbol) => symbol.flags & flags);
      return members.length ? `## ${title}\n\n${members.map((symbol) => this.#symbol(symbol)).join('\n')}` : '';
    });
    return `# ${name}\n\n${LEDES[file]}\n${also}\n${groups.join('\n')}`;
  }

  #symbol(symbol) {
    const { declarations } = symbol;
    const body = symbol.flags & ts.SymbolFlags.Class ? this.#class(symbol) : this.#declared(declarations);
    return `### ${symbol.name}\n\n${body}`;
  }

  /** A class: its heading, then its members, those of a base that is not exported among them. */
  #class(symbol) {
    const [declaration] = symbol.declarations;
    const base = this.#base(declaration);
    const heading = ts
      .getTextOfNode(declaration)
      .split(base ? ' extends' : ' {')[0]
      .replaceAll(/export |declare |abstract /g, '');
    const text = `${fence(heading)}\n${this.#comment(declaration)}\n`;
    if (base && this.#file === 'slim')
      return `${text}\nIts members are those of [\`ResClient\`](index.md#resclient).\n`;
    const members = [...(base?.members ?? []), ...declaration.members].filter(isPublic);
    const nameOf = (member) => (ts.isConstructorDeclaration(member) ? 'constructor' : member.name.getText());
    const names = new Set(['constructor', ...members.map(nameOf)]);
    const shown = [...names].map((name) => {
      const forms = members.filter((member) => nameOf(member) === name);
      return forms.length === 0 ? '' : `#### ${symbol.name}.${name}\n\n${this.#declared(forms)}`;
    });
    return `${text}\n${shown.join('\n')}`;
  }

  #base(declaration) {
    const [extended] =
      declaration.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)?.types ?? [];
    if (!extended) return undefined;
    const symbol = this.#checker.getTypeAtLocation(extended).symbol;
    const found = symbol.declarations.find(ts.isClassDeclaration);
    return this.#symbols.includes(symbol) ? undefined : found;
  }

  /** What a name stands for, as it is declared, with the comment to each of its forms. */
  #declared(declarations) {
    const forms = declarations.map((declaration) => [declaredText(declaration), this.#comment(declaration)]);
    // Forms that say nothing of their own belong to what was said before them.
    const groups = [];
    for (const [text, comment] of forms) {
      if (comment || groups.length === 0) groups.push({ texts: [text], comment });
      else groups.at(-1).texts.push(text);
    }
    return groups.map(({ texts, comment }) => `${fence(texts.join('\n'))}\n${comment}\n`).join('\n');
  }

  #comment(declaration) {
    const holder = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
    const docs = ts.getJSDocCommentsAndTags(holder).filter(ts.isJSDoc);
    const text = docs.map((doc) => this.#text(doc.comment)).join('\n\n');
    const tags = docs.flatMap((doc) => doc.tags ?? []);
    const deprecated = tags
      .filter(({ tagName }) => tagName.text === 'deprecated')
      .map((tag) => `**Deprecated.** ${this.#text(tag.comment)}`);
    return [...deprecated, text].filter(Boolean).join('\n\n');
  }

  #text(comment) {
    if (comment === undefined || typeof comment === 'string') return comment ?? '';
    return comment.map((part) => (ts.isJSDocLink(part) ? this.#link(part) : part.text)).join('');
  }

  /** Where what is linked has a heading; members are linked by the name of their class. */
  #link(part) {
    const name = `${part.name?.getText() ?? ''}${part.text}`.trim();
    const symbol = this.#symbols.find((symbol) => symbol.name === name.split('.')[0]);
    const page = symbol && this.#described.get(symbol.declarations[0]);
    if (!page || (name.includes('.') && !(symbol.flags & ts.SymbolFlags.Class))) return `\`${name}\``;
    return `[\`${name}\`](${page === this.#file ? '' : `${page}.md`}#${name.replaceAll('.', '').toLowerCase()})`;
  }
}

/** A declaration as TypeScript has it, without what is of no interest to who reads it. */
function declaredText(declaration) {
  const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  return outdented(node.getText().replace(/^(export )?(declare )?/, ''));
}

/** The first line stands at the margin already; the others as deep as the last, which closes it. */
function outdented(text) {
  const lines = text.split('\n');
  const depth = /^ */.exec(lines.at(-1))[0].length;
  return lines
    .map((line, at) => (at ? line.slice(Math.min(depth, /^ */.exec(line)[0].length)) : line))
    .join('\n')
    .replaceAll('    ', '  ');
}

const fence = (text) => `\`\`\`ts\n${text}\n\`\`\`\n`;

/** Neither what nobody can reach nor what is there for types alone. */
function isPublic(member) {
  if (!ts.isConstructorDeclaration(member) && (!member.name || !ts.isIdentifier(member.name))) {
    return member.name?.getText() === '[Symbol.iterator]';
  }
  return !(ts.getCombinedModifierFlags(member) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected));
}

const GROUPS = [
  ['Classes', ts.SymbolFlags.Class],
  ['Functions', ts.SymbolFlags.Function | ts.SymbolFlags.Variable],
  ['Types', ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias],
];

const LEDES = {
  index: "The client, models and collections. `import ResClient from 'resclient-wasm'`.",
  react: 'Hooks for React 18 and later.',
  vue: 'Composables for Vue 3.3 and later.',
  svelte: 'Stores for Svelte.',
  solid: 'Signals for Solid.',
  slim: 'The client with the engine in a file of its own, `resclient-wasm/client.wasm`.',
};
