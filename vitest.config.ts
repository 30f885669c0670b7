import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

/** Folders whose files may run two at once: none looks at memory, at processes or at time. */
const SIDE_BY_SIDE = 'unit|architecture|slurm|contract|integration'

/** Those of them that do, or that kill. */
const ALONE = [
  'devicePlaces',
  'doctor',
  'importMemory',
  'nodeVersions',
  'pool',
  'preparingWaits',
  'queue',
  'recovery'
].map((name) => `tests/integration/${name}.test.ts`)

/** Windows of a browser that wait for what they show, and are never killed: two at once as well. */
const WINDOWS = [
  'catalogue',
  'checkFiles',
  'cluster',
  'evidence',
  'hostileText',
  'htmlReport',
  'importSheet',
  'mixtures',
  'studyForm',
  'tables',
  'whatIf'
].map((name) => `tests/e2e/${name}.test.ts`)

export default defineConfig({
  // State of the window is Svelte's: `*.svelte.ts`.
  plugins: [svelte({ configFile: false })],
  test: {
    // Of a busy machine, where most take a few seconds of it.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // It answers later than within the second that is usual.
    expect: { poll: { timeout: 20_000 } },
    pool: 'forks',
    projects: [
      {
        extends: true,
        test: {
          name: 'side by side',
          include: [`tests/@(${SIDE_BY_SIDE})/**/*.test.ts`, ...WINDOWS],
          exclude: ALONE,
          maxWorkers: 2,
          sequence: { groupOrder: 0 }
        }
      },
      {
        extends: true,
        // Windows and TensorFlow's threads on two cores: files run one after another.
        test: {
          name: 'one by one',
          include: [`tests/!(${SIDE_BY_SIDE})/**/*.test.ts`, ...ALONE],
          exclude: WINDOWS,
          fileParallelism: false,
          sequence: { groupOrder: 1 }
        }
      }
    ]
  }
})
