/** A run that a command trains, with the process gone at any one of its operations on disk. */
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { expect, test, vi } from 'vitest'
import { projectPaths } from '#engine/storage/paths'
import { isRunFinished, verifyRun } from '#engine/storage/runs'
import { trainRun } from '#engine/workers/trainJob'
import type { TrainJob } from '#engine/workers/jobs'
import { armFault, disarmFault } from '../support/faultyFiles'
import type { Fault } from '../support/faultyFiles'
import { filesOf } from '../support/studyLife'
import { SMALL, seedJob } from '../support/trainedByCommand'

vi.mock('node:fs/promises', async (original) => {
  const { faulty } = await import('../support/faultyFiles')
  return faulty(await original())
})

/** All points, or so many of each kind of fault. */
const POINTS = process.env['ASSAY_TORTURE'] === 'all' ? Infinity : 4

const train = (job: TrainJob) =>
  trainRun(job, { signal: new AbortController().signal, onProgress: () => undefined })

/** What the run came to; the log of the command says when it was called. */
function outcomeOf({ project, fingerprint }: TrainJob) {
  const folder = projectPaths.run(project, fingerprint)
  const { files } = JSON.parse(readFileSync(`${folder}/manifest.json`, 'utf8')) as {
    files: unknown
  }
  const left = filesOf(folder)
  return { files, left, curve: readFileSync(`${folder}/trace.jsonl`, 'utf8').split('\n').length }
}

const FAULTS: [string, Fault][] = [
  ['before', { kind: 'crash-before' }],
  ['after', { kind: 'crash-after' }],
  ['amid', { kind: 'torn' }]
]

test.each(FAULTS)(
  'gone %s any operation, a run is trained after all, and nothing half of it is taken',
  { timeout: 3_600_000 },
  async (_, fault) => {
    const job = await seedJob(`${SMALL} train`)
    armFault(0)
    await train(job)
    const { count, log } = disarmFault()
    const expected = outcomeOf(job)
    const most = Math.min(count, POINTS)
    for (let point = 0; point < most; point++) {
      const at = Math.round(1 + (point * (count - 1)) / Math.max(1, most - 1))
      await rm(projectPaths.run(job.project, job.fingerprint), { recursive: true })
      armFault(at, fault)
      await train(job).catch(() => undefined)
      disarmFault()
      const where = `${at} of ${count}: ${log[at - 1]}`
      // What is finished by then is whole.
      if (isRunFinished(job.project, job.fingerprint)) await verifyRun(job.project, job.fingerprint)
      const again = await train(job)
      expect(again.outcome, where).toBe('finished')
      expect({ where, ...outcomeOf(job) }).toEqual({ where, ...expected })
    }
  }
)
