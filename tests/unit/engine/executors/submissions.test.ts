import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import type { Cluster } from '#engine/executors/slurm/cluster'
import { sharedFolder } from '#engine/executors/slurm/clusterFolder'
import {
  createSubmission,
  readSubmissions,
  saveSubmission
} from '#engine/executors/slurm/submissions'
import type { Submission } from '#engine/executors/slurm/submissions'
import { tidySubmissions } from '#engine/executors/slurm/tidySubmissions'
import { projectPaths } from '#engine/storage/paths'
import { SlurmExecutorSchema } from '#shared/executors'
import { pretendedSlurm } from '../../../support/pretendedSlurm'
import { temporaryFolder } from '../../../support/temporaryFolder'

afterEach(() => void vi.unstubAllEnvs())

const settings = SlurmExecutorSchema.parse({ kind: 'slurm' })
const here = { user: userInfo().username, host: null, cluster: 'pretended' }

/** A project on a pretended cluster whose queue is empty, and a way to have it submitted there or elsewhere. */
async function project() {
  const slurm = await pretendedSlurm()
  const folder = await temporaryFolder()
  const submitted = async (key: string, change: Partial<Submission>) => {
    const one: Submission = {
      format: 'assay-submission',
      version: 1,
      key: `assay-${key.padEnd(12, '0')}`,
      kind: 'measure',
      study: 'small',
      project: folder,
      settings,
      asked: here,
      assay: '1.2.3',
      array: '7',
      submittedAt: '2026-11-28T12:00:00.000Z',
      elements: [{ runs: ['a', 'b'], labels: ['one', 'two'] }],
      failed: [],
      isOver: false,
      ...change
    }
    await createSubmission(folder, one, '#!/bin/bash\n')
  }
  const cluster = { project: folder, settings, folder: sharedFolder(folder) } as Cluster
  const left = async () => {
    await tidySubmissions(cluster)
    return (await readdir(projectPaths.cluster(folder))).map((key) =>
      key.slice(6).replace(/0+$/, '')
    )
  }
  return { slurm, folder, submitted, left }
}

test('only of its own a queue says that they are over; others keep what their elements read', async () => {
  const { folder, submitted, left } = await project()
  await submitted('aa', {})
  await submitted('b1', { asked: { ...here, cluster: 'another' } })
  await submitted('b2', { asked: { ...here, host: 'login' } })
  await submitted('b3', { asked: { ...here, user: 'colleague' } })
  await submitted('b4', { project: '/scratch/colleague/project' })
  await submitted('b5', { asked: null })
  await submitted('c1', { asked: null, kind: 'train' })
  expect((await left()).sort()).toEqual(['b1', 'b2', 'b3', 'b4', 'b5', 'c1'])
  // What is trained altogether is over, wherever it was done.
  for (const run of ['a', 'b']) {
    await mkdir(projectPaths.run(folder, run), { recursive: true })
    await writeFile(projectPaths.manifest(folder, run), '{}')
  }
  expect((await left()).sort()).toEqual(['b1', 'b2', 'b3', 'b4', 'b5'])
})

test('a cluster that does not say which it is has nothing cleared away', async () => {
  const { slurm, submitted, left } = await project()
  await submitted('aa', {})
  await slurm.has('scontrol', 'exit 1')
  expect(await left()).toEqual(['aa'])
})

test('a record of before is read, and one that cannot be read now is not passed over', async () => {
  const { folder, submitted, left } = await project()
  await submitted('aa', {})
  const [one] = await readSubmissions(folder)
  const { asked: _, ...before } = one!
  await saveSubmission(folder, before as Submission)
  expect(await readSubmissions(folder)).toEqual([{ ...one, asked: null }])
  const path = join(projectPaths.submission(folder, one!.key), 'submission.json')
  await rm(path)
  expect(await readSubmissions(folder)).toEqual([])
  await mkdir(path)
  await expect(readSubmissions(folder)).rejects.toMatchObject({ code: 'storage/corrupt' })
  await rm(dirname(path), { recursive: true })
  await writeFile(dirname(path), 'no folder')
  expect(await left()).toEqual(['aa'])
})
