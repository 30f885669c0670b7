/** What makes a run what it is: all that many runs share, and what each of them reads. Pure. */
import { WorkbenchError } from '#shared/errors'
import type { BaseUnit, DecoderConfig, Recipe } from '#shared/records'
import { trainerIdentity } from '#shared/trainer'
import type { TrainerSettings } from '#shared/trainer'
import { canonicalText, fingerprintOf } from '#engine/storage/fingerprint'
import type { CanonicalText } from '#engine/storage/fingerprint'
import type { RunStart, UnitDraw } from '#engine/workers/jobs'
import type { PlannedText } from './plan'

/** Version of what a run's fingerprint covers; a change here makes every run new. */
const RUN_FORMAT = 1

/** What all runs of a recipe share. */
export interface RunBasis {
  recipe: Recipe
  start: RunStart
  replay: BaseUnit | null
  contextLength: number
  /** The same as fingerprints have it, written once: a study may have ten thousand runs. */
  identity: Record<'config' | 'tokenizer' | 'start' | 'replay' | 'recipe', CanonicalText> & {
    /** Only where a command trains. */
    trainer?: CanonicalText
  }
}

/**
 * Gathers what runs of a recipe share.
 *
 * @param from `startIdentity`: what names the start wherever its files lie
 */
export function runBasis(
  prepared: PlannedText,
  config: DecoderConfig,
  from: {
    recipe: Recipe
    start: RunStart
    startIdentity: unknown
    replay: BaseUnit | null
    trainer: TrainerSettings | undefined
  }
): RunBasis {
  const { start, replay, trainer } = from
  // How a batch is cut into forward passes changes rounding only, not what is computed.
  const { microBatchSize: _microBatchSize, ...recipe } = from.recipe
  return {
    recipe: from.recipe,
    start,
    replay,
    contextLength: config.contextLength,
    identity: {
      config: canonicalText(config),
      tokenizer: canonicalText(prepared.tokenizer.fingerprint),
      start: canonicalText(from.startIdentity),
      replay: canonicalText(replay?.fingerprint ?? null),
      recipe: canonicalText(recipe),
      ...(trainer ? { trainer: canonicalText(trainerIdentity(trainer)) } : {})
    }
  }
}

/**
 * A run as far as what it reads decides it, with its fingerprint.
 *
 * @throws WorkbenchError `study/invalid` when a batch is larger than what it reads
 */
export function completeRun(
  { recipe, start, replay, contextLength, identity }: RunBasis,
  draws: UnitDraw[],
  randomSeed: number
) {
  const sequences = draws.reduce((sum, draw) => sum + draw.sequences, 0)
  const { batchSize } = recipe
  const steps = Math.floor(sequences / batchSize)
  if (steps < 1) {
    throw new WorkbenchError(
      'study/invalid',
      `A batch of ${batchSize} sequences is larger than what a run reads (${sequences}). Lower batchSize or raise unit.sequences.`,
      { batchSize, sequences }
    )
  }
  const fingerprint = fingerprintOf({
    format: RUN_FORMAT,
    ...identity,
    draws: draws.map((draw) => ({ unit: draw.unit.fingerprint, sequences: draw.sequences })),
    randomSeed
  })
  return {
    fingerprint,
    baseUnits: draws.length,
    draws,
    steps,
    tokens: steps * batchSize * contextLength,
    recipe,
    start,
    replay,
    randomSeed
  }
}
