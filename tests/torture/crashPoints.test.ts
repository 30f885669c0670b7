/**
 * A study's whole life, with the process gone at any one of its operations on disk.
 *
 * After each crash the project opens, what was finished is there, and going on gives the very results
 * that would have come anyway. `npm test` tries some points of it, `npm run test:torture` all.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { ImportOptions } from '#engine'
import { ProjectSession } from '#engine'
import { exportModel } from '#engine/modelExports'
import { Project } from '#engine/storage/project'
import { parseStudy } from '#engine/studies/study'
import { toPlain } from '#shared/errors'
import { tinyImports, tinyStudy } from '../support/builtEngine'
import { armFault, disarmFault } from '../support/faultyFiles'
import type { Fault } from '../support/faultyFiles'
import { inThreadPool } from '../support/inThreadPool'
import { temporaryFolder } from '../support/temporaryFolder'

vi.mock('node:fs/promises', async (original) => {
  const { faulty } = await import('../support/faultyFiles')
  return faulty(await original())
})

/** All points, or so many of each kind of fault. */
const POINTS = process.env['ASSAY_TORTURE'] === 'all' ? Infinity : 5

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

let place: string
let imports: ImportOptions[]
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'assay-test-'))
  imports = await tinyImports(place)
})
afterAll(() => rm(place, { recursive: true, force: true }))

/** Does all of a study's life that is not done yet. */
async function live(folder: string): Promise<void> {
  const isThere = existsSync(join(folder, 'project.assay'))
  const project = isThere ? await Project.open(folder) : await Project.create(folder)
  const session = await ProjectSession.over(project, inThreadPool())
  try {
    if (session.studies.length === 0) await session.saveStudy(study())
    for (const one of imports) {
      if (!session.corpora.some(({ name }) => name === one.name)) await session.importCorpus(one)
    }
    const summary = await session.run(session.study())
    if (summary.failed.length > 0) throw new Error(JSON.stringify(summary.failed))
    const merged = { mixture: 'code+law', merge: 'micro' } as const
    await exportModel(session, session.study(), merged, { version: 'test' })
  } finally {
    await session.close().catch(() => undefined)
  }
}

/** A dead process's lock is taken over (project.test.ts); this process is alive, so its lock goes. */
async function bury(folder: string): Promise<void> {
  for (const name of ['lock.json', 'lock.json.takeover']) {
    await rm(join(folder, name), { force: true })
  }
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
}

const hashed = (data: Buffer | string) => createHash('sha256').update(data).digest('hex')

type Line = Record<string, unknown>

/** What files came to that hold times too, by what does not depend on them. */
const TIMELESS: [RegExp, (text: string) => unknown][] = [
  [/^measurements\.jsonl$/, (text) => [...new Set(text.trim().split('\n'))].sort()],
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
  return lines.map((line) => JSON.parse(line) as Line)
}

/** What a project came to: every file by its hash. What the cache holds is made again. */
async function outcomeOf(folder: string): Promise<Record<string, string>> {
  const project = await Project.open(folder, { readOnly: true })
  const heads = project.runs.map(({ fingerprint, state, steps, finalLoss }) =>
    JSON.stringify({ fingerprint, state, steps, finalLoss })
  )
  const records = JSON.stringify([heads.sort(), project.corpora, project.studies])
  const outcome: Record<string, string> = { records: hashed(records) }
  for (const name of filesOf(folder)) {
    if (/^(lock\.json|project\.assay|cache\/)/.test(name)) continue
    const data = readFileSync(join(folder, name))
    const timeless = TIMELESS.find(([pattern]) => pattern.test(name))?.[1]
    outcome[name] = hashed(timeless ? JSON.stringify(timeless(data.toString())) : data)
  }
  return outcome
}

/** Manifests there, with the file's identity: a run that is trained again gets another. */
function finishedRuns(folder: string): Map<string, number> {
  const runs = existsSync(join(folder, 'runs')) ? readdirSync(join(folder, 'runs')) : []
  const manifests = runs.map((run) => join(folder, 'runs', run, 'manifest.json'))
  return new Map(manifests.filter(existsSync).map((path) => [path, statSync(path).ino]))
}

/** Points spread evenly, the first and the last among them. */
function somePoints(count: number): number[] {
  const most = Math.min(count, POINTS)
  const points = Array.from({ length: most }, (_, i) =>
    Math.round(1 + (i * (count - 1)) / Math.max(1, most - 1))
  )
  return [...new Set(points)]
}

let whole: { outcome: Record<string, string>; operations: string[] }
beforeAll(async () => {
  const folder = join(place, 'undisturbed')
  armFault(0)
  await live(folder)
  const { log } = disarmFault()
  whole = { outcome: await outcomeOf(folder), operations: log }
})

const FAULTS: [string, Fault][] = [
  ['gone before it', { kind: 'crash-before' }],
  ['gone after it', { kind: 'crash-after' }],
  ['gone when half of it was written', { kind: 'torn' }],
  ['refused it for want of space', { kind: 'refused', code: 'ENOSPC' }],
  ['failed at it', { kind: 'refused', code: 'EIO' }],
  ['was not allowed it', { kind: 'refused', code: 'EACCES' }]
]

describe.each(FAULTS)('where the process was %s', (_, fault) => {
  test('the project opens, keeps what was finished, and comes to the same', async () => {
    for (const point of somePoints(whole.operations.length)) {
      const at = `operation ${point}, ${whole.operations[point - 1]}`
      const folder = join(await temporaryFolder(), 'project')
      armFault(point, fault)
      const error = await live(folder).then(
        () => null,
        (thrown: unknown) => thrown
      )
      const { hasFailed } = disarmFault()
      expect(hasFailed, at).toBe(true)
      if (fault.kind === 'refused' && error !== null) {
        // Failures of a run are told in its summary, others as what they are.
        expect(`${toPlain(error).code} ${String(error)}`, at).toMatch(/storage\//)
      }
      await bury(folder)
      const finished = finishedRuns(folder)
      await live(folder)
      const left = filesOf(folder).filter((name) => /\.(draft|replaced)-/.test(name))
      expect(left, at).toEqual([])
      const outcome = await outcomeOf(folder)
      // Where a branch failed there was nothing to predict from, and a prediction is not made up later.
      if (fault.kind === 'refused')
        outcome['predictions.jsonl'] = whole.outcome['predictions.jsonl']!
      expect(outcome, at).toEqual(whole.outcome)
      const after = finishedRuns(folder)
      for (const [path, inode] of finished) expect(after.get(path), at).toBe(inode)
      await rm(folder, { recursive: true })
    }
  }, 600_000)
})
