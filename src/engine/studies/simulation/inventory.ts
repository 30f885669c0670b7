/** An invented study as large as is asked for, planned by the real planner. */
import { WorkbenchError } from '#shared/errors'
import { StudySchema } from '#shared/records'
import type { BaseUnit, Study } from '#shared/records'
import { PRESETS } from '#engine/model/config'
import { planStudy } from '#engine/studies/plan'
import type { PlannedText, StudyPlan } from '#engine/studies/plan'

/** Units, partitions and tokens of the paper's inventory. @see Na et al. 2024, arXiv 2410.15661 */
export const PAPER = {
  units: 139,
  partitions: 33,
  vocabularySize: 50_304,
  seedTokens: 41_943_040_000,
  /** 500 steps of 1,024 sequences. */
  unitSequences: 512_000,
  batchSize: 1024
} as const

/** An inventory that nobody has: names and numbers, no text. */
export interface Inventory {
  preset: string
  vocabularySize: number
  units: number
  partitions: number
  seedTokens: number
  unitSequences: number
  batchSize: number
  mixtures: Study['mixtures']['choose']
  /** How many mixtures are trained too. */
  sequential: number | 'all'
  merges: Study['merges']
}

/** A study over an invented inventory; its units are spread over its partitions as evenly as can be. */
export function inventedStudy(inventory: Inventory): { study: Study; text: PlannedText } {
  const { units, partitions, unitSequences, batchSize, sequential } = inventory
  const recipe = { batchSize, peakLearningRate: 6e-4, schedule: 'constant' as const }
  const study = StudySchema.parse({
    version: 1,
    name: 'invented',
    // Of no account: what is planned has the vocabulary of the prepared text.
    tokenizer: { kind: 'train', vocabularySize: 8192 },
    model: PRESETS[inventory.preset],
    seed: { source: 'text', corpus: 'seed', tokenBudget: inventory.seedTokens, recipe },
    branch: recipe,
    unit: { sequences: unitSequences },
    mixtures: { over: 'units', choose: inventory.mixtures },
    sequential: {
      choose:
        sequential === 'all'
          ? { kind: 'all' }
          : sequential === 0
            ? { kind: 'none' }
            : { kind: 'random', count: sequential }
    },
    merges: inventory.merges
  })
  const unitOf = (partition: string, place: number): BaseUnit => ({
    name: `${partition}#${place}`,
    partition,
    fingerprint: `invented-${partition}-${place}`,
    tokens: `invented-${partition}`,
    firstSequence: 0,
    sequences: unitSequences
  })
  const text: PlannedText = {
    tokenizer: {
      fingerprint: 'invented',
      vocabularySize: inventory.vocabularySize,
      endOfTextId: 0
    },
    partitions: Array.from({ length: partitions }, (_, i) => {
      const count =
        Math.floor((units * (i + 1)) / partitions) - Math.floor((units * i) / partitions)
      const name = `part-${String(i + 1).padStart(3, '0')}`
      return { baseUnits: Array.from({ length: count }, (_, place) => unitOf(name, place + 1)) }
    }),
    seed: { baseUnits: [{ ...unitOf('seed', 1), sequences: inventory.seedTokens }] }
  }
  return { study, text }
}

/**
 * The paper's inventory, with as many mixtures of two to four units trained as make so many runs.
 *
 * @param runs of the whole study: the seed, a branch per unit, then sequential models
 * @returns the plan, and the wall time in ms that the real planner took
 * @throws WorkbenchError `usage/invalid` for fewer than two runs or more than a study holds
 */
export function inventedCampaign(runs: number): { plan: StudyPlan; planningMs: number } {
  if (!Number.isSafeInteger(runs) || runs < 2 || runs > MOST_RUNS) {
    throw new WorkbenchError(
      'usage/invalid',
      `A simulated campaign has from 2 to ${MOST_RUNS} runs, found ${runs}. Ask for another number.`,
      { simulated: 'runs', found: runs, most: MOST_RUNS }
    )
  }
  const units = Math.min(PAPER.units, runs - 1)
  const sequential = runs - 1 - units
  const sizes = { minimumSize: Math.min(2, units), maximumSize: Math.min(4, units) }
  const { study, text } = inventedStudy({
    ...PAPER,
    preset: '130m',
    units,
    partitions: Math.min(PAPER.partitions, units),
    mixtures: { kind: 'random', count: Math.max(1, sequential), ...sizes },
    sequential: sequential === 0 ? 0 : 'all',
    merges: ['micro']
  })
  const began = performance.now()
  const plan = planStudy(study, text)
  return { plan, planningMs: performance.now() - began }
}

const MOST_RUNS = 1_000_000
