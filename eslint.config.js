import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import globals from 'globals';
import typescript from 'typescript-eslint';

/** Members that make markup of text, of any object and of these. */
const MARKUP = [
  ...['innerHTML', 'outerHTML', 'srcdoc', 'insertAdjacentHTML', 'setHTMLUnsafe', 'dangerouslySetInnerHTML'],
  ...['parseHTMLUnsafe', 'createContextualFragment', 'parseFromString'],
].map((property) => ({ property }));
const WRITES = ['write', 'writeln'].map((property) => ({ object: 'document', property }));

export default defineConfig(
  // What is made is not read; what is published of it is checked by tsc and by the tests of the package.
  { ignores: ['target/', 'pkg/', 'fuzz/target/', 'test-results/', 'crates/*/pkg/'] },
  js.configs.recommended,
  ...typescript.configs.strict,
  ...typescript.configs.stylistic,
  {
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'off',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-empty-function': ['error', { allow: ['arrowFunctions', 'methods'] }],
      // Models are made of members whose names only their data knows.
      '@typescript-eslint/no-dynamic-delete': 'off',
      // Where a format guarantees a member, the assertion says so; a check would cost time on the path of every frame.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  {
    // What services send is data. Nothing that makes markup, script or an address of script out of text has a place here.
    files: ['www/**', 'pkg-template/**', 'crates/gateway/src/server/page/**'],
    rules: {
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'no-script-url': 'error',
      'no-restricted-properties': ['error', ...MARKUP, ...WRITES],
    },
    languageOptions: { globals: globals.browser },
  },
  {
    // What the client knows is gone with the page.
    files: ['pkg-template/**'],
    rules: { 'no-restricted-globals': ['error', 'localStorage', 'sessionStorage', 'indexedDB', 'caches'] },
  },
  {
    files: ['scripts/**', 'tests/**', 'benches/**', 'www/**/*.mjs', '*.js'],
    languageOptions: { globals: globals.node },
  },
  {
    // Tests hand functions to pages, so both worlds are in one file.
    files: ['www/**', 'www/**/*.jsx', 'tests/**', 'benches/**', 'crates/*/tests/**'],
    languageOptions: { globals: globals.browser },
  },
);
