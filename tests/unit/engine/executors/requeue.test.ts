import { existsSync, readFileSync } from 'node:fs'
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { putBack } from '#engine/executors/slurm/requeue'
import { projectPaths } from '#engine/storage/paths'
import { isFurther, savedState } from '#engine/storage/savedState'
import { pretendedSlurm } from '../../../support/pretendedSlurm'
import type { PretendedSlurm } from '../../../support/pretendedSlurm'
import { temporaryFolder } from '../../../support/temporaryFolder'

const KEY = 'assay-0123456789ab'
let slurm: PretendedSlurm
let project: string

beforeEach(async () => {
  slurm = await pretendedSlurm()
  await slurm.has('scontrol', 'exit 0')
  // Half a minute is left: its time is what it was told of.
  await slurm.has('squeue', 'echo 0:30')
  project = await temporaryFolder()
  await mkdir(projectPaths.submission(project, KEY), { recursive: true })
  vi.stubEnv('SLURM_JOB_NAME', KEY)
  vi.stubEnv('SLURM_ARRAY_JOB_ID', '7')
  vi.stubEnv('SLURM_ARRAY_TASK_ID', '3')
})
afterEach(() => void vi.unstubAllEnvs())

const nothing = [{ key: 'a', isDone: false, isFurther: false }]
const further = [{ key: 'a', isDone: false, isFurther: true }]
const done = (key: string) => ({ key, isDone: true, isFurther: true })

/** What comes of each try, one after another. */
async function tries(...works: (typeof nothing)[]) {
  const came = []
  for (const work of works) came.push(await putBack(project, work))
  return came
}

test('three tries in a row that get nowhere are enough, and whoever puts it back by hand has three again', async () => {
  const back = 'put-back'
  expect(await tries(nothing, nothing, nothing)).toEqual([back, back, 'in-vain'])
  expect(await tries(nothing, nothing, nothing)).toEqual([back, back, 'in-vain'])
  expect(new Set(slurm.calls('scontrol'))).toEqual(new Set(['requeue 7_3']))
})

test('what got further is put back however often it was restarted', async () => {
  vi.stubEnv('SLURM_RESTART_COUNT', '40')
  const came = await tries(nothing, nothing, further, nothing, nothing, further, nothing)
  expect(new Set(came)).toEqual(new Set(['put-back']))
})

test('a model that takes longer than the limit is no progress of those that were measured before it', async () => {
  const slow = { key: 'b', isDone: false, isFurther: false }
  // Its results are taken away meanwhile, so that the first is measured anew in each try.
  const came = await tries(...[1, 2, 3, 4].map(() => [done('a'), slow]))
  expect(came).toEqual(['put-back', 'put-back', 'put-back', 'in-vain'])
})

test('one that makes place for another job long before its end was in nobody’s way', async () => {
  await slurm.has('squeue', 'echo 1-02:30:00')
  expect(await tries(...[1, 2, 3, 4, 5].map(() => nothing))).not.toContain('in-vain')
  await slurm.has('squeue', 'exit 1')
  expect(await tries(nothing, nothing, nothing)).toContain('in-vain')
})

test('of a job that Assay did not submit Slurm counts', async () => {
  vi.stubEnv('SLURM_JOB_NAME', '../..')
  vi.stubEnv('SLURM_RESTART_COUNT', '1')
  expect(await tries(nothing)).toEqual(['put-back'])
  vi.stubEnv('SLURM_RESTART_COUNT', '2')
  expect(await tries(nothing, further)).toEqual(['in-vain', 'put-back'])
  vi.stubEnv('SLURM_ARRAY_JOB_ID', undefined)
  expect(await tries(further)).toEqual(['refused'])
})

test('a count that is damaged begins anew', async () => {
  const path = join(projectPaths.submission(project, KEY), 'tries-3.json')
  await writeFile(path, '{"inVain": "many"')
  expect(await tries(nothing)).toEqual(['put-back'])
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ inVain: 1, done: [] })
  await tries(nothing, nothing)
  expect(existsSync(path)).toBe(false)
})

test('saved is what a resume point says, and for a command of its own whatever it keeps', async () => {
  const run = 'f'.repeat(64)
  const state = projectPaths.commandState(project, run)
  const nowhere = await savedState(project, run)
  expect(nowhere).toEqual({ steps: 0, files: '' })
  const resume = join(projectPaths.resume(project, run), 'progress.json')
  await mkdir(dirname(resume), { recursive: true })
  await writeFile(resume, '{"completedSteps":40,"elapsedMs":1}')
  const forty = await savedState(project, run)
  expect([isFurther(forty, nowhere), isFurther(forty, forty), isFurther(nowhere, forty)]).toEqual([
    true,
    false,
    false
  ])
  await mkdir(join(state, 'step-10'), { recursive: true })
  const file = join(state, 'step-10', 'weights')
  await writeFile(file, 'abc')
  await utimes(file, 1000, 1000)
  const kept = await savedState(project, run)
  expect(kept.files).toBe('step-10/weights 3 1000000')
  expect([isFurther(kept, forty), isFurther(kept, kept)]).toEqual([true, false])
  await utimes(file, 1001, 1001)
  expect(isFurther(await savedState(project, run), kept)).toBe(true)
  await writeFile(resume, 'no JSON')
  expect((await savedState(project, run)).steps).toBe(0)
})
