/** Studies that start from a checkpoint from outside: what one is like, and whether it fits. */
import { join } from 'node:path'
import { WorkbenchError } from '#shared/errors'
import type { DecoderConfig, DecoderShape, Prepared, Study, StudyDraft } from '#shared/records'
import type { SeedCheckpoint } from '#engine/workers/jobs'

/** What must be equal for the checkpoint's weights to be weights of the study's model. */
const SHAPE: readonly (keyof DecoderShape)[] = [
  'hiddenSize',
  'hiddenLayers',
  'attentionHeads',
  'keyValueHeads',
  'intermediateSize',
  'ropeTheta',
  'rmsNormEpsilon',
  'tieEmbeddings'
]

/**
 * Checks that a study's branches can start from a checkpoint.
 *
 * @throws WorkbenchError `checkpoint/mismatch` naming each field that differs, with both values
 */
export function assertStartsFrom(
  checkpoint: SeedCheckpoint,
  study: Study,
  prepared: Prepared
): void {
  const { folder, config } = checkpoint
  const differing = SHAPE.filter((key) => config[key] !== study.model[key]).map(
    (key) => `model.${key} is ${study.model[key]} in the study and ${config[key]} in the checkpoint`
  )
  if (study.model.contextLength > config.contextLength) {
    differing.push(
      `model.contextLength is ${study.model.contextLength}, above the checkpoint's ${config.contextLength}`
    )
  }
  const { fingerprint, vocabularySize } = prepared.tokenizer
  if (checkpoint.tokenizer !== null && checkpoint.tokenizer !== fingerprint) {
    differing.push(
      `the study's tokenizer is not the checkpoint's; set "tokenizer": { "kind": "file", "path": "${folder}/tokenizer.json" }`
    )
  }
  if (vocabularySize > config.vocabularySize) {
    differing.push(
      `the tokenizer has ${vocabularySize} entries, the checkpoint ${config.vocabularySize} embeddings`
    )
  }
  const starts = { branch: study.branch.start, 'sequential.recipe': study.sequential.recipe?.start }
  for (const [field, start] of Object.entries(starts)) {
    if (start !== 'weights-and-moments' || checkpoint.hasMoments) continue
    differing.push(
      `${field}.start is weights-and-moments, but the checkpoint holds no optimizer state; choose "weights"`
    )
  }
  if (differing.length > 0) {
    throw new WorkbenchError(
      'checkpoint/mismatch',
      `The study cannot start from ${folder}: ${differing.join('; ')}.`,
      { folder, differing }
    )
  }
}

/** What a study's `model` says of a checkpoint's configuration. */
export function shapeOf(config: DecoderConfig): DecoderShape {
  const { vocabularySize: _vocabulary, architecture: _architecture, ...shape } = config
  return shape
}

/** Tokens of a sequence at most, where a model can look back further: attention's cost grows with them. */
const LONGEST_SEQUENCE = 1024

/**
 * A default study made to start from a checkpoint: its shape, its tokenizer where it has one beside it.
 *
 * @param study what the rest is taken from
 */
export function startingFrom(
  { folder, config, tokenizer }: SeedCheckpoint,
  study: Study
): StudyDraft {
  const shape = shapeOf(config)
  const { start: _start, ...branch } = study.branch
  return {
    ...study,
    ...(tokenizer === null
      ? {}
      : { tokenizer: { kind: 'file' as const, path: join(folder, 'tokenizer.json') } }),
    model: { ...shape, contextLength: Math.min(shape.contextLength, LONGEST_SEQUENCE) },
    seed: { source: 'checkpoint', path: folder },
    branch: { ...branch, start: 'weights' }
  }
}
