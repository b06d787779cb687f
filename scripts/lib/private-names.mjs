import { readFileSync } from 'node:fs';
import ts from 'typescript';

/**
 * Names that only private members of classes have, and nothing else in the sources: no public member, no type, no object from
 * elsewhere. Whatever bundles them may give these members shorter names. Classes in `open` are left out, for an application extends
 * them and adds members of its own.
 */
export function privateNames(paths, open) {
  const hidden = new Set();
  const others = new Set();
  const visit = (node, own, isOpen) => {
    if (ts.isClassLike(node)) {
      isOpen = open.includes(node.name?.text);
      own = isOpen ? new Set() : membersOf(node);
      for (const name of own) hidden.add(name);
    } else if (ts.isPropertyAccessExpression(node)) {
      const { expression, name } = node;
      if (expression.kind !== ts.SyntaxKind.ThisKeyword || !own.has(name.text)) others.add(name.text);
    } else if (isMember(node) && (isOpen || !isPrivate(node))) {
      others.add(node.name.text);
    } else if (ts.isStringLiteralLike(node) || ts.isBindingElement(node) || ts.isShorthandPropertyAssignment(node)) {
      others.add((node.propertyName ?? node.name)?.text ?? node.text);
    }
    ts.forEachChild(node, (child) => visit(child, own, isOpen));
  };
  for (const path of paths) {
    visit(ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ESNext, true), new Set(), false);
  }
  return [...hidden].filter((name) => !others.has(name));
}

/** Names of the private members of a class, those declared by its constructor too. */
function membersOf(node) {
  const constructors = node.members.filter(ts.isConstructorDeclaration);
  const members = [...node.members, ...constructors.flatMap(({ parameters }) => parameters)];
  return new Set(members.filter((member) => member.name && isPrivate(member)).map(({ name }) => name.text));
}

const isPrivate = (node) =>
  ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword);

/** Whatever gives a name to a member of something. A parameter does only when it declares a property. */
const isMember = (node) =>
  node.name !== undefined &&
  (ts.isParameter(node)
    ? ts.isParameterPropertyDeclaration(node, node.parent)
    : ts.isClassElement(node) || ts.isTypeElement(node) || ts.isObjectLiteralElement(node) || ts.isEnumMember(node));
