import { defineConfig, globalIgnores } from 'eslint/config'
import svelte from 'eslint-plugin-svelte'
import tseslint from 'typescript-eslint'

const PROJECTS = ['shared', 'engine', 'main', 'preload', 'cli', 'renderer', 'tests'].map(
  (name) => `tsconfig.${name}.json`
)

const BY_NAME = {
  selector: 'ExportDefaultDeclaration',
  message: 'Export by name: it can be searched for.'
}

/** Habits that types cannot hold; which folder may import which is .dependency-cruiser.mjs. */
export default defineConfig(
  globalIgnores(['node_modules/', 'out/', 'out.*/', '.cache/', 'tests/golden/', '.venv/']),
  {
    files: ['src/**/*.ts', 'tests/**/*.ts', '*.config.ts'],
    extends: [tseslint.configs.base],
    languageOptions: {
      parserOptions: {
        project: PROJECTS
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
  ...svelte.configs.recommended,
  {
    files: ['src/renderer/**/*.svelte', 'src/renderer/**/*.svelte.ts'],
    languageOptions: {
      parserOptions: {
        parser: tseslint.parser,
        project: PROJECTS,
        extraFileExtensions: ['.svelte']
      }
    },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      'svelte/no-at-html-tags': 'error'
    }
  },
  {
    files: ['src/**/*.ts', 'tests/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', BY_NAME]
    }
  },
  {
    files: ['tests/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        BY_NAME,
        {
          selector:
            'CallExpression[arguments.length=1][callee.object.name=vi][callee.property.name=waitFor]',
          message: 'A busy machine needs longer than the usual second: use soon() of tests/support.'
        }
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
    files: [
      'src/engine/{storage,desk,tokenizer,executors/slurm}/**/*.ts',
      'src/engine/data/{corpusReader,domainDocuments,tokenFiles,tokenStream}.ts',
      'src/engine/workers/{commandTrainJob,keptScores,runFolder,trainJob}.ts'
    ],
    // What opens them, what writes them, and what reads the system's own files.
    ignores: [
      'src/engine/storage/{reading,files,processIdentity}.ts',
      '**/bench*.ts',
      '**/train.ts'
    ],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: ['fs', 'node:fs', 'fs/promises', 'node:fs/promises'].map((name) => ({
            name,
            importNames: [
              'readFile',
              'readFileSync',
              'open',
              'openSync',
              'createReadStream',
              'default'
            ],
            message:
              'A project may hold a pipe under a file’s name: open it by storage/reading.ts, which does not wait.'
          }))
        }
      ]
    }
  },
  {
    files: ['src/engine/**/*.ts', 'src/shared/**/*.ts', 'src/renderer/**/*.ts'],
    // The engine has no screen: it returns records, reports progress, throws.
    rules: { 'no-console': 'error' }
  }
)
