/** Asks a worker about the text of a study, and what a unit size would make of it. */
import type { WorkbenchError } from '#shared/errors'
import type { BaseUnit, Progress, Study } from '#shared/records'
import type { PartitionUnits, StoredText, StoredTexts, UnitPreview } from '#shared/storedText'
import { sequencesIn } from '#engine/data/baseUnits'
import { unitsOf } from '#engine/data/browse/fates'
import type { Project } from '#engine/storage/project'
import type { TextJobs } from '#engine/workers/jobs'
import type { WorkerPool } from '#engine/workers/pool'
import { distinctRuns, runsOf } from './plan'
import type { StudyPlan } from './plan'
import { prepareJobOf } from './prepare'
import { wholeUnit } from './unitParts'

/**
 * Asks about stored text, in workers of their own, so that neither training nor the host waits.
 *
 * @throws WorkbenchError `corpus/missing-field`, `storage/*`, `tokenizer/invalid`,
 *   `study/missing-partition` for a text that is not there
 */
export function askText<Kind extends keyof TextJobs>(
  input: {
    project: Project
    pool: WorkerPool
    study: Study
    onProgress?: (progress: Progress) => void
    signal?: AbortSignal
  },
  kind: Kind,
  request: TextJobs[Kind]['request']
): Promise<TextJobs[Kind]['result']> {
  const { project, pool, study, onProgress, signal } = input
  const of = { ...prepareJobOf(project, study), mayWrite: !project.isReadOnly }
  const job = { of, request } as Parameters<typeof pool.run<Kind>>[1]
  return pool.run(kind, job, {
    lane: 'aside',
    ...(onProgress ? { onProgress } : {}),
    ...(signal ? { signal } : {})
  }) as Promise<TextJobs[Kind]['result']>
}

/**
 * What a unit size would give, by the rule that preparation cuts by. Pure.
 *
 * @param saved the plan of the study as it is saved; null before it is prepared
 * @param isDone whether a run is finished
 */
export function previewUnits(
  study: Study,
  texts: StoredTexts,
  sequences: number,
  saved: StudyPlan | null,
  isDone: (fingerprint: string) => boolean
): UnitPreview {
  const { contextLength } = study.model
  const tried = { ...study, unit: { ...study.unit, sequences } }
  const used = texts.texts.filter(({ isUsed }) => isUsed)
  const training = used.filter(({ role }) => role === 'training')
  const seed = used.find(({ role }) => role === 'seed')
  const partitions = training.map((text) => cutBy(tried, text))
  const cut = placesOf(partitions)
  const possible = partitions.map(({ tokens }) => sequencesIn(tokens ?? 0, contextLength))
  return {
    sequences,
    partitions,
    seed: seed ? cutBy(tried, seed) : null,
    mostForAll: possible.reduce((least, one) => Math.min(least, one), possible[0] ?? 0),
    mostForAny: possible.reduce((most, one) => Math.max(most, one), 0),
    ...countUnused(saved, isDone, (units) => {
      // Stretches of random partitions move with any size of another unit.
      if (study.shuffledPartitions === true) return sequences !== study.unit.sequences
      return units.some((unit) => !cut.has(placeOf(unit)))
    })
  }
}

function cutBy(study: Study, text: StoredText): PartitionUnits {
  const { name: partition } = text
  const { tokens } = text.training
  const nothing = { partition, tokens, units: [], unitTokens: 0, leftOverTokens: tokens ?? 0 }
  if (tokens === null) return { ...nothing, problem: 'It is not tokenised yet: run the study.' }
  try {
    const units = unitsOf(text, tokens, study)
    const read = units.reduce((sum, one) => sum + one, 0) * study.model.contextLength
    // The last sequence also reads the token that it predicts last.
    const unitTokens = read === 0 ? 0 : read + 1
    return { ...nothing, units, unitTokens, leftOverTokens: tokens - unitTokens, problem: null }
  } catch (error) {
    const { code, message } = error as Partial<WorkbenchError>
    if (code !== 'partition/too-small') throw error
    return { ...nothing, problem: message ?? null }
  }
}

/** Where a base unit lies in its partition's text. */
function placeOf({
  partition,
  firstSequence,
  sequences
}: Pick<BaseUnit, 'partition' | 'firstSequence' | 'sequences'>): string {
  return `${partition} ${firstSequence} ${sequences}`
}

/** Places of all units that would be cut. */
function placesOf(partitions: readonly PartitionUnits[]): Set<string> {
  const there = new Set<string>()
  for (const { partition, units } of partitions) {
    let first = 0
    for (const sequences of units) {
      there.add(placeOf({ partition, firstSequence: first, sequences }))
      first += sequences
    }
  }
  return there
}

/** A run keeps its use where each base unit that it reads does. */
function countUnused(
  saved: StudyPlan | null,
  isDone: (fingerprint: string) => boolean,
  isLost: (units: readonly BaseUnit[]) => boolean
): { finishedRuns: number; unusedRuns: number } {
  if (!saved) return { finishedRuns: 0, unusedRuns: 0 }
  const finished = distinctRuns(runsOf(saved)).filter((run) => isDone(run.fingerprint))
  // The seed reads text of its own, which units do not touch.
  const unused = finished.filter(
    ({ role, draws }) => role !== 'seed' && isLost(draws.map(({ unit }) => wholeUnit(unit)))
  )
  return { finishedRuns: finished.length, unusedRuns: unused.length }
}
