/**
 * A study's whole life, with the process gone at any one of its operations on disk.
 *
 * After each crash the project opens, what was finished is there, and going on gives the very results
 * that would have come anyway. `npm test` tries some points of it, `npm run test:torture` all.
 */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { ImportOptions } from '#engine'
import { toPlain } from '#shared/errors'
import { tinyImports } from '../support/builtEngine'
import { armFault, disarmFault } from '../support/faultyFiles'
import type { Fault } from '../support/faultyFiles'
import { filesOf, live, outcomeOf } from '../support/studyLife'
import { temporaryFolder } from '../support/temporaryFolder'

vi.mock('node:fs/promises', async (original) => {
  const { faulty } = await import('../support/faultyFiles')
  return faulty(await original())
})

const isWhole = process.env['ASSAY_TORTURE'] === 'all'

/** Points to try alone, `436,505`, to see again what failed. */
const CHOSEN = process.env['ASSAY_CRASH_POINTS']?.split(',').map(Number)

/** All points, or so many of each kind of fault. */
const POINTS = isWhole ? Infinity : 5

let place: string
let imports: ImportOptions[]
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'assay-test-'))
  imports = await tinyImports(place)
})
afterAll(() => rm(place, { recursive: true, force: true }))

/** A dead process's lock is taken over (project.test.ts); this process is alive, so its lock goes. */
async function bury(folder: string): Promise<void> {
  for (const name of ['lock.json', 'lock.json.takeover']) {
    await rm(join(folder, name), { force: true })
  }
}

/** Manifests there, with the file's identity: a run that is trained again gets another. */
function finishedRuns(folder: string): Map<string, number> {
  const runs = existsSync(join(folder, 'runs')) ? readdirSync(join(folder, 'runs')) : []
  const manifests = runs.map((run) => join(folder, 'runs', run, 'manifest.json'))
  return new Map(manifests.filter(existsSync).map((path) => [path, statSync(path).ino]))
}

/**
 * Operations, counted from 1, at which a fault leaves what no other does: a disk after one operation is the disk
 * before the next, and only what is written can be half there.
 */
function tellingPoints({ kind }: Fault, operations: readonly string[]): number[] {
  const all = operations.map((_, index) => index + 1)
  if (!isWhole) return all
  if (kind === 'crash-after') return all.slice(-1)
  if (kind !== 'torn') return all
  return all.filter((point) => /^(write|append) /.test(operations[point - 1]!))
}

/** Points spread evenly, the first and the last among them. */
function somePoints(telling: readonly number[]): number[] {
  const most = Math.min(telling.length, POINTS)
  const points = Array.from(
    { length: most },
    (_, i) => telling[Math.round((i * (telling.length - 1)) / Math.max(1, most - 1))]!
  )
  return [...new Set(points)]
}

let whole: { outcome: Record<string, string>; operations: string[] }
beforeAll(async () => {
  const folder = join(place, 'undisturbed')
  armFault(0)
  await live(folder, imports)
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

/** One life with the fault at an operation, and another that goes on from what was left. */
async function liveThrough(point: number, fault: Fault, at: string): Promise<void> {
  const folder = join(await temporaryFolder(), 'project')
  armFault(point, fault)
  const error = await live(folder, imports).then(
    () => null,
    (thrown: unknown) => thrown
  )
  const { hasFailed } = disarmFault()
  expect(hasFailed, at).toBe(true)
  if (fault.kind === 'refused' && error !== null) {
    // Failures of a run are told in its summary, others as what they are.
    expect(`${toPlain(error).code} ${String(error)}`, at).toMatch(/storage\//)
  }
  // A process that lives on takes its own lock again, whatever was refused.
  if (fault.kind !== 'refused') await bury(folder)
  const finished = finishedRuns(folder)
  await live(folder, imports)
  const left = filesOf(folder).filter((name) => /\.(draft|replaced)-/.test(name))
  expect(left, at).toEqual([])
  const outcome = await outcomeOf(folder)
  // Where a branch failed there was nothing to predict from, and a prediction is not made up later.
  if (fault.kind === 'refused') outcome['predictions.jsonl'] = whole.outcome['predictions.jsonl']!
  expect(outcome, at).toEqual(whole.outcome)
  const after = finishedRuns(folder)
  for (const [path, inode] of finished) expect(after.get(path), at).toBe(inode)
  await rm(folder, { recursive: true })
}

describe.each(FAULTS)('where the process was %s', (name, fault) => {
  test('the project opens, keeps what was finished, and comes to the same', async () => {
    const failures: string[] = []
    const points = CHOSEN ?? somePoints(tellingPoints(fault, whole.operations))
    for (const point of points) {
      const at = `operation ${point}, ${whole.operations[point - 1]}`
      // Of hours of trying, all that failed is to be known.
      await liveThrough(point, fault, at).catch((error: unknown) => {
        failures.push(`${at}: ${String(error)}`)
      })
    }
    expect(failures).toEqual([])
    console.log(`${name}: ${points.length} of ${whole.operations.length} operations`)
  }, 7_200_000)
})
