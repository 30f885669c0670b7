/** Studies that a command trains, in this thread. */
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import { ProjectSession } from '#engine'
import { Project } from '#engine/storage/project'
import { trainJobOf } from '#engine/studies/trainOne'
import type { StudyDraft } from '#shared/records'
import { tinyImports, tinyStudy } from './builtEngine'
import { inThreadPool } from './inThreadPool'
import { temporaryFolder } from './temporaryFolder'

/** A trainer that does what its first argument says. */
export const SMALL = `${process.execPath} ${resolve('tests/support/smallTrainer.mjs')}`

/** A project in this thread whose study a command trains: seed and one branch of ten steps each. */
export async function projectOf(command: string, change: Partial<StudyDraft> = {}) {
  const folder = join(await temporaryFolder(), 'project')
  const session = await ProjectSession.over(await Project.create(folder), inThreadPool())
  onTestFinished(() => session.close())
  const recipe = { batchSize: 4, peakLearningRate: 3e-3, schedule: 'constant' as const }
  await session.saveStudy(
    tinyStudy({
      seed: { source: 'text', corpus: 'seed', tokenBudget: 16 * 40, recipe },
      branch: { ...recipe, start: 'weights' },
      unit: { sequences: 40, maximum: 1 },
      trainer: { command, graceSeconds: 1 },
      ...change
    })
  )
  for (const one of await tinyImports(await temporaryFolder())) await session.importCorpus(one)
  return session
}

/** The job of the seed's training, as the host hands it out. */
export async function seedJob(command: string, change: Partial<StudyDraft> = {}) {
  const session = await projectOf(command, change)
  const study = session.study()
  const { plan, prepared } = await session.plan(study)
  const project = { folder: session.folder } as Project
  return trainJobOf(plan.seed!, { project, study, prepared, plan })
}
