/** Prepared text of a study: made once by a worker, kept by what it depends on. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { WorkbenchError } from '#shared/errors'
import { measuredParts } from '#shared/preparedText'
import { PreparedSchema } from '#shared/records'
import type { Prepared, Progress, Study } from '#shared/records'
import { overlapMarksPath } from '#engine/data/domainDocuments'
import { fingerprintOf } from '#engine/storage/fingerprint'
import { removeOutcome } from '#engine/storage/outcomes'
import { projectPaths } from '#engine/storage/paths'
import { isSoundCache, readCache, writeCache } from '#engine/storage/sealedFiles'
import type { Project } from '#engine/storage/project'
import type { Executor } from '#engine/executors/executor'
import type { PrepareJob } from '#engine/workers/jobs'
import type { DiskRoom } from './diskRoom'
import { aboveTheFloor, tryAgain } from './tryAgain'
import { withParts } from './unitParts'

/** Version of what preparation does; a change here prepares anew. */
const PREPARE_FORMAT = 2

/**
 * Tokenises, holds out and cuts a study's text.
 *
 * The tokenizer is frozen when it is first trained: the project keeps which one answered the
 * study's choice, so that adding a partition never retrains it.
 *
 * @throws WorkbenchError `study/not-prepared` in a project opened read-only,
 *   `study/missing-partition`, `study/missing-domain`, `partition/too-small`,
 *   `domain/empty`, `tokenizer/*`, `storage/disk-full`
 */
export async function prepareStudy(input: {
  project: Project
  executor: Executor
  study: Study
  onProgress?: (progress: Progress) => void
  signal?: AbortSignal
  /** Waits for space on the disk; without it want of space is an error. */
  room?: DiskRoom | null
  /** Asked before text is prepared that is not there. */
  beforeWork?: () => Promise<void>
}): Promise<Prepared> {
  const { project, study, room = null, signal = new AbortController().signal } = input
  assertTextThere(project, study)
  const there = await findPrepared(project, study)
  if (there) return there
  if (project.isReadOnly) {
    throw new WorkbenchError(
      'study/not-prepared',
      `The text of the study "${study.name}" is not prepared yet, or has changed since. Run the study where its project is open for writing.`,
      { study: study.name, folder: project.folder }
    )
  }
  await input.beforeWork?.()
  if (!room) return makePrepared(input, signal)
  const unwatch = room.watch()
  try {
    const work = (either: AbortSignal) => makePrepared(input, either)
    return await aboveTheFloor(`preparing the text of "${study.name}"`, { room, signal }, work)
  } finally {
    unwatch()
  }
}

async function makePrepared(
  { project, executor, study, onProgress }: Parameters<typeof prepareStudy>[0],
  signal: AbortSignal
): Promise<Prepared> {
  const text = textFingerprint(study, project.corpora)
  const options = { lane: 'wide' as const, signal, ...(onProgress ? { onProgress } : {}) }
  // What was tokenised before a worker or a node died is not tokenised again; its progress says that it goes on.
  const prepared = await tryAgain(
    signal,
    () => executor.prepare(text, prepareJobOf(project, study), options),
    () => Promise.resolve()
  )
  await project.freezeTokenizer(tokenizerChoice(study), prepared.tokenizer.fingerprint)
  await writeCache(projectPaths.prepared(project.folder, text), prepared)
  await removeOutcome(project.folder, text)
  return withParts(prepared, study)
}

/** What a worker must know of a project to read a study's text as preparation does. */
export function prepareJobOf(project: Project, study: Study): PrepareJob {
  const frozen = project.frozenTokenizer(tokenizerChoice(study))
  return {
    project: project.folder,
    study,
    corpora: [...project.corpora],
    tokenizerFile: frozen === null ? null : projectPaths.tokenizer(project.folder, frozen)
  }
}

/** Under which a project keeps the tokenizer that answered a study's wish. */
export function tokenizerChoice({ tokenizer }: Study): string {
  return fingerprintOf({ tokenizer })
}

/** What was prepared before for just this text and study, if all of it is still there. */
export async function findPrepared(project: Project, study: Study): Promise<Prepared | null> {
  return readPrepared(project, study, project.corpora)
}

/**
 * What was prepared before the last imports, newest first: text that comes later changes no unit
 * that was there, so that what it would add can be told before it is tokenised.
 */
export async function findEarlierPrepared(
  project: Project,
  study: Study
): Promise<Prepared | null> {
  for (let count = project.corpora.length - 1; count > 0; count--) {
    const found = await readPrepared(project, study, project.corpora.slice(0, count))
    if (found) return found
  }
  return null
}

async function readPrepared(
  project: Project,
  study: Study,
  corpora: Project['corpora']
): Promise<Prepared | null> {
  const path = projectPaths.prepared(project.folder, textFingerprint(study, corpora))
  const parsed = PreparedSchema.safeParse(await readCache(path))
  if (!parsed.success) return null
  // A bundle holds what was measured, not what was trained on.
  const isThere = project.isBundle || (await isComplete(project.folder, parsed.data))
  return isThere ? withParts(parsed.data, study) : null
}

/** What a study's text is prepared from, and how: by it the text is known before it is prepared. */
export function textFingerprint(study: Study, corpora: Project['corpora']): string {
  // Units are cut into parts where they are read: their text is the same.
  const { parts: _parts, ...unit } = study.unit
  return fingerprintOf({
    format: PREPARE_FORMAT,
    corpora: corpora.map(({ name, fingerprint, role, domainKind }) => ({
      name,
      fingerprint,
      role,
      domainKind
    })),
    tokenizer: study.tokenizer,
    context: study.model.contextLength,
    seed: study.seed.source === 'text' ? [study.seed.corpus, study.seed.tokenBudget] : null,
    partitions: study.partitions,
    // Left out of the key where it is not set.
    shuffledPartitions: study.shuffledPartitions,
    unit,
    holdOut: study.holdOut,
    domains: study.domains,
    duplicates: study.duplicates,
    models: study.models?.branches,
    randomSeed: study.randomSeed
  })
}

/** Names of the folders of tokens that a prepared text consists of. */
export function tokenFolders(prepared: Prepared): string[] {
  const folders = [
    ...measuredParts(prepared.domains).map((part) => part.fingerprint),
    ...prepared.partitions.flatMap((one) => one.baseUnits.map((unit) => unit.tokens)),
    ...(prepared.seed?.baseUnits ?? []).map((unit) => unit.tokens)
  ]
  // Units whose models alone are there have none.
  return folders.filter((folder) => folder !== '')
}

async function isComplete(project: string, prepared: Prepared): Promise<boolean> {
  const folders = tokenFolders(prepared)
  if (!folders.every((folder) => existsSync(join(project, 'tokens', folder)))) return false
  // Marks that were damaged are made again with the rest, most of which is there.
  const marks = prepared.domains.map((domain) =>
    isSoundCache(overlapMarksPath(project, prepared, domain.fingerprint))
  )
  return (await Promise.all(marks)).every(Boolean)
}

/**
 * Asserts that the project has every text that a study names.
 *
 * @throws WorkbenchError `study/missing-partition`, `study/missing-domain`
 */
export function assertTextThere(project: Project, study: Study): void {
  const training = project.corpora.filter((corpus) => corpus.role === 'training')
  const there = training.flatMap((corpus) => corpus.partitions.map((partition) => partition.name))
  const wanted = study.partitions === 'all' ? [] : study.partitions
  const missing = wanted.filter((name) => !there.includes(name))
  if (!study.models && (missing.length > 0 || there.length === 0)) {
    throw new WorkbenchError(
      'study/missing-partition',
      there.length === 0
        ? 'The project has no training text yet. Import some, in partitions.'
        : `The study names the partition ${missing.join(', ')}, which is not in the project. There: ${there.join(', ')}.`,
      { missing, found: there }
    )
  }
  if (study.seed.source === 'text') {
    const { corpus } = study.seed
    const seeds = project.corpora.filter((one) => one.role === 'seed').map((one) => one.name)
    if (!seeds.includes(corpus)) {
      throw new WorkbenchError(
        'study/missing-domain',
        `The study's seed text "${corpus}" is not in the project. Seed corpora there: ${seeds.join(', ') || 'none'}. Import it as seed text of that name, or name another in the study.`,
        { missing: corpus, found: seeds, role: 'seed' }
      )
    }
  }
  const external = project.corpora.filter((one) => one.role === 'evaluation').map((one) => one.name)
  const lost = study.domains === 'all' ? [] : study.domains.filter((one) => !external.includes(one))
  if (lost.length > 0) {
    throw new WorkbenchError(
      'study/missing-domain',
      `The study names the evaluation corpus ${lost.join(', ')}, which is not in the project. There: ${external.join(', ') || 'none'}.`,
      { missing: lost, found: external }
    )
  }
}
