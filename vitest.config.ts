import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

/** Files that may run two at once: pure ones, and those of a cluster, which wait more than they compute. */
const SIDE_BY_SIDE = ['tests/{unit,architecture,slurm}/**/*.test.ts']

export default defineConfig({
  // State of the window is Svelte's: `*.svelte.ts`.
  plugins: [svelte({ configFile: false })],
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    projects: [
      {
        extends: true,
        test: {
          name: 'side by side',
          include: SIDE_BY_SIDE,
          maxWorkers: 2,
          sequence: { groupOrder: 0 }
        }
      },
      {
        extends: true,
        // TensorFlow's threads and two cores: files run one after another.
        test: {
          name: 'one by one',
          include: ['tests/**/*.test.ts'],
          exclude: SIDE_BY_SIDE,
          fileParallelism: false,
          sequence: { groupOrder: 1 }
        }
      }
    ]
  }
})
