import { resolve } from 'node:path'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'electron-vite'

/**
 * Builds the window, and the entries that run in Node: CommonJS, no top-level await, so that a worker thread, a
 * forked process and a packaged application load them alike.
 *
 * Packages under `dependencies` stay outside; those that are ES modules only are bundled.
 */
export default defineConfig({
  main: {
    build: {
      target: 'node20.19',
      externalizeDeps: { exclude: ['lowdb', 'zstddec'] },
      rolldownOptions: {
        input: {
          index: resolve('src/main/index.ts'),
          engine: resolve('src/engine/process.ts'),
          cli: resolve('src/cli/index.ts'),
          worker: resolve('src/engine/workers/worker.ts'),
          workerProcess: resolve('src/engine/workers/workerProcess.ts')
        },
        output: {
          format: 'cjs',
          // Node's loader of ES modules does not see into a packaged application's archive.
          dynamicImportInCjs: false,
          entryFileNames: '[name].cjs',
          chunkFileNames: 'chunks/[name]-[hash].cjs'
        }
      }
    }
  },
  preload: {
    build: {
      rolldownOptions: {
        input: resolve('src/preload/index.ts'),
        // A sandboxed preload can be no ES module.
        output: { format: 'cjs', entryFileNames: '[name].cjs' }
      }
    }
  },
  renderer: {
    root: 'src/renderer',
    plugins: [svelte()],
    build: {
      target: 'chrome108',
      cssMinify: 'lightningcss',
      rolldownOptions: { input: resolve('src/renderer/index.html') }
    }
  }
})
