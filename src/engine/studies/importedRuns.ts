/** Runs of a study whose models were trained elsewhere: what stands for them in the plan. Pure. */
import type { ImportedModels } from '#shared/importedModels'
import type { DecoderConfig, Prepared, Study } from '#shared/records'
import { WorkbenchError } from '#shared/errors'
import { fingerprintOf } from '#engine/storage/fingerprint'
import type { RunStart, SeedCheckpoint } from '#engine/workers/jobs'
import type { PlannedRun } from './plan'

/** What the models of a study have that its `model` does not say; null where they are trained here. */
export function importedConfig({
  models
}: Study): Pick<DecoderConfig, 'vocabularySize' | 'architecture'> | null {
  if (!models) return null
  const { vocabularySize, architecture } = models
  return { vocabularySize, ...(architecture ? { architecture } : {}) }
}

type Asked = Pick<PlannedRun, 'role' | 'name' | 'mixture' | 'budget' | 'draws' | 'chosenBy'>

/**
 * The run that a branch or a sequential model of imported models would be.
 *
 * Its fingerprint is its checkpoint's, which lies in the project since it was imported. Of a mixture
 * that nobody trained there is none, and its run fails when it is asked for. A sequential model of one
 * unit is that unit's branch.
 */
export function importedRun(
  study: Study,
  models: ImportedModels,
  asked: Asked,
  seed: SeedCheckpoint | null
): PlannedRun {
  const start: RunStart | null = seed && {
    kind: 'checkpoint',
    folder: seed.folder,
    carryMoments: false
  }
  const [only] = asked.draws
  const model =
    models.sequential.find(({ mixture }) => asked.mixture !== null && mixture === asked.mixture) ??
    (asked.draws.length === 1
      ? models.branches.find(({ fingerprint }) => fingerprint === only!.unit.fingerprint)
      : undefined)
  const identity = { untrained: asked.name, budget: asked.budget }
  return {
    ...asked,
    chosenBy: model && 'chosenBy' in model ? model.chosenBy : asked.chosenBy,
    fingerprint: model?.fingerprint ?? fingerprintOf(identity),
    baseUnits: asked.draws.length,
    steps: 0,
    tokens: model?.tokens ?? 0,
    recipe: study.branch,
    start,
    replay: null,
    randomSeed: study.randomSeed,
    keepMoments: false,
    isImported: true,
    repeat: null
  }
}

/** What is told of a run that would have to be trained where there is no text of its partitions. */
export function notImported({ name }: Pick<PlannedRun, 'name'>): WorkbenchError {
  return new WorkbenchError(
    'run/missing',
    `${name} cannot be trained here: the study is of models that were trained elsewhere, and the text of its partitions is not in the project. Train it where the others were trained, and import its checkpoint.`,
    { run: name }
  )
}

/**
 * Asserts that imported models have an embedding for every token of their tokenizer.
 *
 * @throws WorkbenchError `checkpoint/mismatch`
 */
export function assertTokensFit({ models }: Study, { tokenizer }: Pick<Prepared, 'tokenizer'>) {
  if (!models || tokenizer.vocabularySize <= models.vocabularySize) return
  throw new WorkbenchError(
    'checkpoint/mismatch',
    `The tokenizer has ${tokenizer.vocabularySize} entries, the models have embeddings for ${models.vocabularySize}. Import them with the tokenizer that they were trained with.`,
    { expected: models.vocabularySize, found: tokenizer.vocabularySize }
  )
}
