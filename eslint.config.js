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
    // Tests hand functions to pages, so both worlds are in one file.
    files: ['www/**', 'tests/**', 'benches/**'],
    languageOptions: { globals: globals.browser },
  },
);
