import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import globals from 'globals';
import typescript from 'typescript-eslint';

export default defineConfig(
  // What is made is not read; what is published of it is checked by tsc and by the tests of the package.
  { ignores: ['target/', 'pkg/', 'fuzz/target/', 'test-results/', 'crates/*/pkg/'] },
  js.configs.recommended,
  ...typescript.configs.strict,
  ...typescript.configs.stylistic,
  {
    rules: {
      eqeqeq: 'error',
      'no-console': 'off',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['scripts/**', 'tests/**', 'benches/**', '*.js'],
    languageOptions: { globals: globals.node },
  },
  {
    files: ['www/**', 'tests/e2e/**', 'tests/browser/**', 'benches/**'],
    languageOptions: { globals: globals.browser },
  },
);
