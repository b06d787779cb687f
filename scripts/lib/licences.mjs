import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from './process.mjs';
import { root } from './places.mjs';

/** Does every crate in the graph allow its use under a licence that deny.toml lists? Gives `{ code, text }` as a command does. */
export async function licences() {
  const [, list] = /^allow = \[(.*?)\]/ms.exec(readFileSync(join(root, 'deny.toml'), 'utf8'));
  const allowed = new Set([...list.matchAll(/"([^"]+)"/g)].map(([, name]) => name));
  const { code, text } = await capture('cargo', ['metadata', '--format-version', '1', '--quiet']);
  if (code !== 0) return { code, text };
  // Cargo may say something before the one line of JSON.
  const { packages } = JSON.parse(text.slice(text.indexOf('{"packages"')));
  const refused = packages.filter(({ license }) => !license || !satisfied(license, allowed));
  return {
    code: refused.length ? 1 : 0,
    text: refused.map(({ name, license }) => `${name}: ${license ?? 'no licence'} is not in deny.toml`).join('\n'),
  };
}

/** An SPDX expression: OR binds weaker than AND, and old manifests write a slash for OR. */
function satisfied(expression, allowed) {
  const tokens = expression.replaceAll('/', ' OR ').match(/\(|\)|[^\s()]+/g);
  const anyOf = () => {
    let result = allOf();
    while (tokens[0] === 'OR') {
      tokens.shift();
      result = allOf() || result;
    }
    return result;
  };
  const allOf = () => {
    let result = one();
    while (tokens[0] === 'AND') {
      tokens.shift();
      result = one() && result;
    }
    return result;
  };
  const one = () => {
    let name = tokens.shift();
    if (name === '(') {
      const result = anyOf();
      tokens.shift();
      return result;
    }
    if (tokens[0] === 'WITH') name += ` ${tokens.shift()} ${tokens.shift()}`;
    return allowed.has(name);
  };
  return anyOf();
}
