import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  // State of the window is Svelte's: `*.svelte.ts`.
  plugins: [svelte({ configFile: false })],
  test: {
    include: ['tests/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // TensorFlow's threads and two cores: files run one after another.
    fileParallelism: false,
    pool: 'forks'
  }
})
