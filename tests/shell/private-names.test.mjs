import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { privateNames } from '../../scripts/lib/private-names.mjs';

function namesOf(source, open = []) {
  const folder = mkdtempSync(join(tmpdir(), 'private-names-'));
  try {
    const path = join(folder, 'source.ts');
    writeFileSync(path, source);
    return privateNames([path], open).sort();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('what only private members are called may be renamed', () => {
  const source = `class A {
    private own = 1;
    private static one: A;
    constructor(private readonly given: number, plain: string) {}
    private get read() { return this.own + this.given; }
    private act() { return this.read; }
  }`;
  assert.deepEqual(namesOf(source), ['act', 'given', 'one', 'own', 'read']);
});

test('what anything else is called too may not', () => {
  const others = {
    'a public member': 'class B { name = 1 }',
    'a parameter that is a public member': 'class B { constructor(readonly name: number) {} }',
    'a member of a type': 'interface B { name: number }',
    'a member of an object': 'const b = { name: 1 }',
    'a member in short': 'const name = 1, b = { name }',
    'an object from elsewhere': 'document.name = 1',
    'a member that is taken out': 'const { name } = b',
    'a member that is taken out by another name': 'const { name: other } = b',
    'a text, for it may be looked up by that': "const b = 'name'",
    'a member of an enumeration': 'enum B { name }',
    'the same of another object': 'class B { read(a: A) { return a.name } }',
    'this where it has no such private member': 'class B { read() { return this.name } }',
  };
  for (const [what, other] of Object.entries(others)) {
    assert.deepEqual(namesOf(`class A { private name = 1; private own = 2; }\n${other}`), ['own'], what);
  }
});

test('members of a class that applications extend may not', () => {
  assert.deepEqual(namesOf('class A { private own = 1 }\nclass B { private mine = 1 }', ['A']), ['mine']);
  assert.deepEqual(namesOf('class A { private own = 1 }\nclass B { private own = 1 }', ['A']), []);
});
