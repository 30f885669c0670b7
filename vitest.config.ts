import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // TensorFlow's threads and two cores: files run one after another.
    fileParallelism: false,
    pool: 'forks'
  }
})
