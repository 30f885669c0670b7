import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { cruise } from 'dependency-cruiser'
import type { ICruiseResult } from 'dependency-cruiser'
import { expect, test } from 'vitest'
import rules, { TABLE } from '../../.dependency-cruiser.mjs'
import { temporaryFolder } from '../support/temporaryFolder'

/** One file per rule that breaks it: where it lies, what it imports, which rule must say so. */
const PLANTED: [file: string, imports: string, rule: string][] = [
  ['src/shared/a.ts', '#engine/parameters', 'src/shared/'],
  ['src/shared/b.ts', 'node:fs', 'shared/ and the window are for browsers'],
  ['src/renderer/a.ts', '#engine/studies/plan', 'src/renderer/'],
  ['src/renderer/b.ts', 'node:fs', 'shared/ and the window are for browsers'],
  ['src/main/a.ts', '#engine', 'src/main/'],
  ['src/preload/a.ts', '#engine/studies/plan', 'src/preload/'],
  ['src/renderer/c.ts', 'electron', 'electron/'],
  ['src/cli/c.ts', 'ws', 'ws'],
  ['src/cli/a.ts', '#engine/studies/plan', 'src/cli/'],
  ['src/cli/b.ts', '#engine', 'no tensors on the host thread'],
  ['src/engine/index.ts', '#engine/model/decoder', 'no tensors on the host thread'],
  ['src/engine/backends/a.ts', '#engine/model/config', 'src/engine/backends/'],
  ['src/engine/statistics/a.ts', '#engine/storage/runs', 'src/engine/statistics/'],
  ['src/engine/tokenizer/a.ts', '#engine/data/lines', 'src/engine/tokenizer/'],
  ['src/engine/data/a.ts', '#engine/training/train', 'src/engine/data/'],
  ['src/engine/storage/a.ts', '#engine/statistics/random', 'src/engine/storage/'],
  ['src/engine/merging/a.ts', '#engine/model/config', 'src/engine/merging/'],
  ['src/engine/checkpoints/a.ts', '#engine/storage/project', 'src/engine/checkpoints/'],
  ['src/engine/proxies/a.ts', '#engine/storage/runs', 'src/engine/proxies/'],
  ['src/engine/model/a.ts', '#engine/training/train', 'src/engine/model/'],
  ['src/engine/training/a.ts', '#engine/storage/project', 'src/engine/training/'],
  ['src/engine/evaluation/a.ts', '#engine/merging/average', 'src/engine/evaluation/'],
  ['src/engine/workers/pool.ts', '#engine/training/train', 'src/engine/workers/(pool'],
  ['src/engine/workers/worker.ts', '#engine/storage/project', 'src/engine/workers/(?!'],
  ['src/engine/workers/reportJob.ts', '#engine/training/train', 'src/engine/workers/reportJob'],
  ['src/engine/executors/a.ts', '#engine/studies/plan', 'src/engine/executors/'],
  ['src/engine/studies/a.ts', '#engine/training/train', 'src/engine/studies/'],
  ['src/engine/training/b.ts', '@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-(node|backend)'],
  ['src/engine/studies/b.ts', 'lowdb', 'lowdb'],
  ['src/engine/storage/b.ts', '@duckdb/node-api', '@duckdb'],
  ['src/engine/data/b.ts', 'tokenizers', 'tokenizers'],
  ['src/engine/data/c.ts', 'vitest', 'no development packages in the product'],
  ['src/engine/data/d.ts', './nowhere', 'nothing unresolved'],
  ['src/engine/merging/b.ts', './c', 'no cycles']
]

/** What the planted files import; itself innocent, but for the decoder's tensors. */
const THERE = [
  'src/engine/parameters.ts',
  'src/engine/studies/plan.ts',
  'src/engine/model/config.ts',
  'src/engine/storage/runs.ts',
  'src/engine/storage/project.ts',
  'src/engine/data/lines.ts',
  'src/engine/training/train.ts',
  'src/engine/statistics/random.ts',
  'src/engine/merging/average.ts'
]

async function plant(): Promise<string> {
  const root = await temporaryFolder()
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  for (const file of THERE) write(file, 'export const there = 1\n')
  write('src/engine/model/decoder.ts', `export * from '@tensorflow/tfjs-core'\n`)
  write('src/engine/merging/c.ts', `export * from './b'\n`)
  for (const [file, imports] of PLANTED) write(file, `export * from '${imports}'\n`)
  for (const name of ['package.json', 'tsconfig.base.json', 'tsconfig.engine.json']) {
    cpSync(resolve(name), join(root, name))
  }
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'))
  return root
}

test('each planted import across a border is caught by the rule made for it', async () => {
  const baseDir = await plant()
  const { output } = await cruise(['src'], {
    ...rules.options,
    validate: true,
    ruleSet: { forbidden: rules.forbidden },
    baseDir
  } as Parameters<typeof cruise>[1])
  const found = (output as ICruiseResult).summary.violations.map(
    ({ from, rule }) => `${from}: ${rule.name}`
  )
  const missed = PLANTED.filter(
    ([file, , rule]) => !found.some((one) => one.startsWith(`${file}: ${rule}`))
  )
  expect(missed).toEqual([])
})

test('every row of the table has a planted violation', () => {
  const unproven = TABLE.filter(
    ({ from }) => !PLANTED.some(([, , rule]) => (from[0] ?? '').startsWith(rule))
  )
  expect(unproven).toEqual([])
})
