/** What makes a run what it is: all that many runs share, and what each of them reads. Pure. */
import { WorkbenchError } from '#shared/errors'
import type { BaseUnit, DecoderConfig, Recipe } from '#shared/records'
import { trainerIdentity } from '#shared/trainer'
import type { TrainerSettings } from '#shared/trainer'
import { CanonicalText, canonicalJson } from '#engine/storage/fingerprint'
import { sha256 } from '#engine/storage/sha256'
import type { RunStart, UnitDraw } from '#engine/workers/jobs'
import type { PlannedRun, PlannedText } from './plan'

/** Version of what a run's fingerprint covers; a change here makes every run new. */
const RUN_FORMAT = 1

/** What all runs of a recipe share. */
export interface RunBasis {
  recipe: Recipe
  start: RunStart
  replay: BaseUnit | null
  contextLength: number
  /**
   * The same as fingerprints have it, written once since a study may have a hundred thousand runs: what stands
   * before what a run reads, between that and its random seed, and behind both.
   */
  identity: readonly [before: string, between: string, behind: string]
}

/** Stand for what differs between runs; no JSON holds a null byte. */
const [READS, SEED] = ['\0reads', '\0seed']

/** What a run is named as by others, and how it is kept. */
type NamedRun = Pick<
  PlannedRun,
  'role' | 'name' | 'mixture' | 'budget' | 'chosenBy' | 'keepMoments' | 'repeat'
>

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
  const identity = canonicalJson({
    format: RUN_FORMAT,
    config,
    tokenizer: prepared.tokenizer.fingerprint,
    start: from.startIdentity,
    replay: replay?.fingerprint ?? null,
    recipe,
    draws: new CanonicalText(READS),
    randomSeed: new CanonicalText(SEED),
    // Only where a command trains.
    ...(trainer ? { trainer: trainerIdentity(trainer) } : {})
  })
  const [before = '', rest = ''] = identity.split(READS)
  const [between = '', behind = ''] = rest.split(SEED)
  return {
    recipe: from.recipe,
    start,
    replay,
    contextLength: config.contextLength,
    identity: [before, between, behind]
  }
}

/**
 * A run with its fingerprint, which what it reads and its random seed decide.
 *
 * @throws WorkbenchError `study/invalid` when a batch is larger than what it reads
 */
export function completeRun(
  { recipe, start, replay, contextLength, identity }: RunBasis,
  draws: UnitDraw[],
  randomSeed: number,
  named: NamedRun
): PlannedRun {
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
  const [before, between, behind] = identity
  const text = `${before}${textOfDraws(draws)}${between}${canonicalJson(randomSeed)}${behind}`
  // One literal: of a hundred thousand runs those put together from parts take thrice as long.
  return {
    fingerprint: sha256(text),
    baseUnits: draws.length,
    draws,
    steps,
    tokens: steps * batchSize * contextLength,
    recipe,
    start,
    replay,
    randomSeed,
    role: named.role,
    name: named.name,
    mixture: named.mixture,
    budget: named.budget,
    chosenBy: named.chosenBy,
    keepMoments: named.keepMoments,
    repeat: named.repeat
  }
}

/** The canonical JSON of what a run reads. */
function textOfDraws(draws: readonly UnitDraw[]): string {
  let text = ''
  for (const { unit, sequences } of draws) {
    const own = `{"sequences":${canonicalJson(sequences)},"unit":${JSON.stringify(unit.fingerprint)}}`
    text = text === '' ? own : `${text},${own}`
  }
  return `[${text}]`
}
