/** A small study's whole life in this thread, and what it came to: the same however it was disturbed. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { ImportOptions } from '#engine'
import { ProjectSession } from '#engine'
import { exportModel } from '#engine/modelExports'
import { Project } from '#engine/storage/project'
import { parseStudy } from '#engine/studies/study'
import { tinyStudy } from './builtEngine'
import { inThreadPool } from './inThreadPool'

const study = () =>
  parseStudy(
    tinyStudy({
      unit: { sequences: 20, maximum: 1 },
      seed: {
        source: 'text',
        corpus: 'seed',
        tokenBudget: 16 * 40,
        recipe: { batchSize: 4, peakLearningRate: 3e-3, schedule: 'constant' }
      }
    }),
    'the test'
  )

/**
 * Does all of a study's life that is not done yet.
 *
 * @param tell told of files, relative to the folder, as soon as whoever waits for them is told that they are there
 */
export async function live(
  folder: string,
  imports: readonly ImportOptions[],
  tell: (path: string) => void = () => undefined
): Promise<void> {
  const isThere = existsSync(join(folder, 'project.assay'))
  const project = isThere ? await Project.open(folder) : await Project.create(folder)
  tell('project.assay')
  const session = await ProjectSession.over(project, inThreadPool(tell))
  try {
    if (session.studies.length === 0) await session.saveStudy(study())
    for (const one of imports) {
      const corpus = session.corpora.find(({ name }) => name === one.name)
      const isThere = corpus && existsSync(join(folder, 'corpora', corpus.fingerprint))
      if (!isThere) tell(`corpora/${(await session.importCorpus(one)).fingerprint}/sums.json`)
    }
    // What waits for disk space looks again at once.
    const disk = { floorBytes: 0, everyMs: 5 }
    const summary = await session.run(session.study(), { disk })
    if (summary.failed.length > 0) throw new Error(JSON.stringify(summary.failed))
    const merged = { mixture: 'code+law', merge: 'micro' } as const
    await exportModel(session, session.study(), merged, { version: 'test' })
  } finally {
    await session.close().catch(() => undefined)
  }
}

/** All files of a folder, relative to it. */
export function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
}

const hashed = (data: Buffer | string) => createHash('sha256').update(data).digest('hex')

type Line = Record<string, unknown>

/** What files came to that hold times too, by what does not depend on them. */
const TIMELESS: [RegExp, (text: string, folder: string) => unknown][] = [
  [/^measurements\.jsonl$/, measuredBy],
  // What counts of it is what the lines name.
  [/^measurements\.f64$/, () => null],
  // The first word on a run counts.
  [
    /^predictions\.jsonl$/,
    (text) => {
      const first = new Map<string, string>()
      for (const { at: _at, ...line } of linesOf(text)) {
        const key = `${String(line['run'])} ${String(line['definition'])}`
        first.set(key, first.get(key) ?? JSON.stringify(line))
      }
      return [...first.values()].sort()
    }
  ],
  [/trace\.jsonl$/, (text) => linesOf(text).map(({ tokensPerSecond: _rate, ...line }) => line)],
  [/manifest\.json$/, (text) => (JSON.parse(text) as { files: unknown }).files]
]

function linesOf(text: string): Line[] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    // The line's checksum is over its times too.
    const { sum: _sum, ...rest } = JSON.parse(line) as Line
    return rest
  })
}

/** Measurements with their documents' bytes: where these lie depends on which came first. */
function measuredBy(text: string, folder: string): string[] {
  const values = readFileSync(join(folder, 'measurements.f64'))
  const all = linesOf(text).map(({ at, ...line }) => {
    const begin = Number(at) * 8
    const bytes = values.subarray(begin, begin + Number(line['documents']) * 8)
    return JSON.stringify({ ...line, bytes: bytes.toString('hex') })
  })
  return [...new Set(all)].sort()
}

/** What a project came to: every file by its hash. What the cache holds is made again. */
export async function outcomeOf(folder: string): Promise<Record<string, string>> {
  const project = await Project.open(folder, { readOnly: true })
  const heads = project.runs.map(({ fingerprint, state, steps, finalLoss }) =>
    JSON.stringify({ fingerprint, state, steps, finalLoss })
  )
  const records = JSON.stringify([heads.sort(), project.corpora, project.studies])
  const outcome: Record<string, string> = { records: hashed(records) }
  for (const name of filesOf(folder)) {
    if (/^(lock\.json|project\.assay|cache\/|damaged\/)/.test(name)) continue
    const data = readFileSync(join(folder, name))
    const timeless = TIMELESS.find(([pattern]) => pattern.test(name))?.[1]
    outcome[name] = hashed(timeless ? JSON.stringify(timeless(data.toString(), folder)) : data)
  }
  return outcome
}
