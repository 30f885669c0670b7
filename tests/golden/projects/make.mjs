/**
 * Makes a small finished project with a built Assay of whatever version, for the museum:
 *
 *   node tests/golden/projects/make.mjs PATH/TO/out/main/cli.cjs tests/golden/projects/version-N
 *
 * version-2 was made by Assay 0.1.0 as of commit 504c202, version-3 and version-4 by the
 * ones that began them.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const [cli, project] = process.argv.slice(2).map((path) => resolve(path))
const words = {
  seed: 'the of and to in a is that it was he for on are',
  law: 'judge lex legis pact tare us vindicate ratio nis',
  code: 'fn let ret if for var int str end loop'
}

/** Lines of words in an order that repeats after a while. */
function documents(part, count) {
  const list = words[part].split(' ')
  return Array.from({ length: count }, (_, i) => {
    const text = Array.from(
      { length: 40 },
      (_, j) => list[(i * 7 + j * (1 + (i % 3))) % list.length]
    )
    return JSON.stringify({ text: `${i} ${text.join(' ')}`, part }) + '\n'
  }).join('')
}

const recipe = { batchSize: 4, peakLearningRate: 3e-3, schedule: 'constant' }
const study = {
  version: 1,
  name: 'museum',
  tokenizer: { kind: 'train', vocabularySize: 280 },
  model: {
    hiddenSize: 8,
    hiddenLayers: 1,
    attentionHeads: 2,
    keyValueHeads: 2,
    intermediateSize: 16,
    contextLength: 16
  },
  seed: { source: 'text', corpus: 'seed', tokenBudget: 320, recipe },
  branch: recipe,
  unit: { sequences: 20, maximum: 1 },
  holdOut: { share: 0.2 },
  mixtures: { choose: { kind: 'all' } },
  sequential: { choose: { kind: 'all' } }
}

// Always the same, since a corpus keeps where it came from.
const folder = join(tmpdir(), 'museum')
mkdirSync(folder)
const file = (name, text) => {
  writeFileSync(join(folder, name), text)
  return name
}
const assay = (...args) =>
  execFileSync(process.execPath, [cli, ...args], { cwd: folder, stdio: 'inherit' })
assay('new', project, '--from', file('study.json', JSON.stringify(study)))
const seed = file('seed.jsonl', documents('seed', 40))
assay('import', project, seed, '--as', 'seed', '--name', 'seed')
const parts = file('parts.jsonl', documents('law', 40) + documents('code', 40))
assay('import', project, parts, '--partition', 'part', '--name', 'parts')
assay('run', project, '--threads', '2')
rmSync(folder, { recursive: true })
