import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

/** Habits that types cannot hold; which folder may import which is .dependency-cruiser.mjs. */
export default defineConfig(
  globalIgnores(['node_modules/', 'out/', 'out.*/', '.cache/', 'tests/golden/', '.venv/']),
  {
    files: ['src/**/*.ts', 'tests/**/*.ts', '*.config.ts'],
    extends: [tseslint.configs.base],
    languageOptions: {
      parserOptions: {
        project: ['shared', 'engine', 'cli', 'tests'].map((name) => `tsconfig.${name}.json`)
      }
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // A promise nobody waits for hides its error, and may outlive the run it belongs to.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      // A new member of a union must be thought of everywhere.
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      eqeqeq: ['error', 'always'],
      'no-var': 'error',
      'prefer-const': 'error'
    }
  },
  {
    files: ['src/**/*.ts', 'tests/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Export by name: it can be searched for.' }
      ]
    }
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(\\.\\./){2}(?!.*package\\.json$)',
              message: 'Write #shared/… or #engine/… instead of ../../.'
            }
          ]
        }
      ]
    }
  },
  {
    files: ['src/engine/**/*.ts', 'src/shared/**/*.ts'],
    // The engine has no screen: it returns records, reports progress, throws.
    rules: { 'no-console': 'error' }
  }
)
