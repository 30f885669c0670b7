/** The engine as it ships: the built worker entries, in processes of their own. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import { openEngine } from '#engine'
import type { Engine, ImportOptions, ProjectSession } from '#engine'
import { version } from '../../package.json'
import type { StudyDraft } from '#shared/records'
import { join } from 'node:path'
import { smallStudy } from './preparedText'
import { temporaryFolder } from './temporaryFolder'
import { writeCorpus } from './tinyCorpus'

/** Opens the built engine; the caller closes it. */
export function builtEngine(threads = 2): Engine {
  const workerEntry = resolve('out/main/worker.cjs')
  if (!existsSync(workerEntry)) throw new Error('build first: npm run build')
  return openEngine({
    processEntry: resolve('out/main/workerProcess.cjs'),
    workerEntry,
    program: { entry: resolve('out/main/cli.cjs'), version },
    threads
  })
}

const common = { textField: 'text', inPlace: false, skipBadLines: false, keepFields: [] }

/** How training text is imported in the tests: one partition per value of `part`. */
export function trainingImport(name: string, path: string): ImportOptions {
  const partition = { kind: 'field' as const, field: 'part' }
  return { ...common, name, role: 'training', paths: [path], partition }
}

/** Seed text, two partitions of 2 + 1 units, and one domain outside, as they are imported. */
export async function tinyImports(texts: string): Promise<ImportOptions[]> {
  const one = (name: string) => ({ kind: 'one' as const, name })
  const path = (name: string) => join(texts, `${name}.jsonl`)
  return [
    {
      ...common,
      name: 'seed',
      role: 'seed',
      paths: [await writeCorpus(path('seed'), { seed: 120 })],
      partition: one('seed')
    },
    trainingImport('parts', await writeCorpus(path('parts'), { law: 150, code: 40 })),
    {
      ...common,
      name: 'fiction',
      role: 'evaluation',
      domainKind: 'out',
      paths: [await writeCorpus(path('fiction'), { fiction: 10 })],
      partition: one('fiction')
    }
  ]
}

/** A project with the texts of {@link tinyImports}. */
export async function tinyProject(
  engine: Engine,
  folder: string,
  change: Partial<StudyDraft> = {}
): Promise<ProjectSession> {
  const session = await engine.createProject(folder, tinyStudy(change))
  onTestFinished(() => session.close())
  for (const one of await tinyImports(await temporaryFolder())) await session.importCorpus(one)
  return session
}

/** Seconds of work: 50 steps per branch of a model with a few thousand parameters. */
export function tinyStudy(change: Partial<StudyDraft> = {}): StudyDraft {
  const recipe = { batchSize: 4, peakLearningRate: 3e-3, schedule: 'constant' as const }
  return {
    ...smallStudy(),
    tokenizer: { kind: 'train', vocabularySize: 320 },
    seed: { source: 'text', corpus: 'seed', tokenBudget: 16 * 200, recipe },
    branch: recipe,
    unit: { sequences: 200, maximum: 2 },
    holdOut: { share: 0.15 },
    ...change
  }
}
