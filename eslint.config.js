// Rules that carry meaning: each catches a mistake that could cost money or determinism.
import js from '@eslint/js';
import drizzle from 'eslint-plugin-drizzle';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['node_modules', '.daycut', '.mutation', 'coverage', '**/*.cjs'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: {
          allowDefaultProject: ['*.js', 'scripts/*.mjs'],
          // Commands that must run before anything is installed are plain JavaScript.
          maximumDefaultProjectFileMatchCount_THIS_WILL_SLOW_DOWN_LINTING: 20,
        },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { drizzle },
    rules: {
      eqeqeq: 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      // Fastify plugins and activities are async by contract, whether or not they await.
      '@typescript-eslint/require-await': 'off',
      // Counts and ids in messages are what the reader needs; both print exactly.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'drizzle/enforce-update-with-where': ['error', { drizzleObjectName: ['db', 'tx'] }],
      'drizzle/enforce-delete-with-where': ['error', { drizzleObjectName: ['db', 'tx'] }],
    },
  },
  {
    files: ['domain/**/*.ts'],
    rules: {
      // Rules must run anywhere, twice, with the same result.
      'no-restricted-globals': ['error', 'process', 'crypto', 'setTimeout', 'fetch', 'Buffer'],
    },
  },
  {
    // A rule gets its time as an argument. Texts become days and instants in these files only.
    files: ['domain/**/*.ts'],
    ignores: [
      'domain/clock.ts',
      'domain/calendar/{business-date,cutoff,instant}.ts',
      'domain/front-office/row-reader.ts',
    ],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...['NewExpression[callee.name="Date"]', 'MemberExpression[object.name="Date"]'].map(
          (selector) => ({ selector, message: 'Take a BusinessDate or an instant from outside.' }),
        ),
      ],
    },
  },
  {
    // One table that four consumers read; splitting it would split the answer to "which codes?".
    files: ['domain/errors/error-catalogue.ts'],
    rules: { 'max-lines': 'off' },
  },
  {
    // Handed to auditors as one file: it can import nothing of ours.
    files: ['scripts/verify-evidence.mjs'],
    rules: { 'max-lines': 'off' },
  },
  {
    files: ['workflows/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['node:*', 'pg', 'drizzle-orm*', 'fastify*'], message: 'Not deterministic.' },
            {
              group: ['**/db/*', '**/api/*'],
              message: 'A workflow reaches data by activities only.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      // A describe block is a chapter, not a function.
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', URL: 'readonly', fetch: 'readonly' },
    },
  },
);
