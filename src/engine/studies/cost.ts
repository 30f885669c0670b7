/** What a study costs, beside the naive way of training every mixture. Pure. */
import type { DecoderConfig, Mixture, Study } from '#shared/records'
import {
  evaluationFlopsPerToken,
  largestTrainable,
  parameterCount,
  trainingFlopsPerToken,
  trainingMemoryBytes
} from '#engine/model/config'
import type { PresetSize } from '#engine/model/config'
import { keptBytes, savedBytes } from './diskForecast'
import { distinctRuns, repeatedRuns, runsOf } from './plan'
import type { PlannedRun, StudyPlan } from './plan'

/** Tokens per second of one worker, and how many work at once. */
export interface MeasuredRate {
  /** Null for a trainer of the user's own, of which no run is finished yet. */
  trainTokensPerSecond: number | null
  evaluateTokensPerSecond: number
  workers: number
  /** Where the rates come from, in words. */
  source: string
}

/** One line of the plan: how much of it, how much is there already, how long the rest takes. */
export interface CostLine {
  what: 'seed' | 'branches' | 'sequential models' | 'repeats' | 'measurements'
  count: number
  done: number
  /** Tokens and FLOPs of what remains. */
  tokens: number
  flops: number
  /** Null where nobody knows how fast it is trained. */
  seconds: number | null
}

export interface PlanSummary {
  study: string
  parameters: number
  trainingFlopsPerToken: number
  mixtures: number
  lines: CostLine[]
  /** Training apart from evaluation, seconds of wall time that remain. */
  trainingSeconds: number | null
  evaluationSeconds: number
  /**
   * Disk that the remaining runs keep and need meanwhile, and memory of one training worker, in bytes; that of
   * a trainer of the user's own nobody knows.
   */
  diskBytes: number
  memoryBytes: number | null
  /** What is free on the project's disk now. */
  freeDiskBytes: number
  rate: MeasuredRate
  device: string
  /** Memory that is free here, bytes; null on a GPU, which does not say. */
  availableBytes: number | null
  /** The largest preset that could train here with this vocabulary and recipe. */
  largest: PresetSize | null
  /** Every mixture answered by merges: seed and branches. */
  modular: { runs: number; tokens: number; flops: number; seconds: number | null }
  /** Every mixture trained for real from the same seed. */
  naive: { runs: number; tokens: number; flops: number; seconds: number | null }
}

/**
 * Adds up a plan.
 *
 * FLOPs are those of the model's own formula (6 per parameter and token, and attention); the
 * naive way trains every mixture on the sum of its units' budgets (method 1.1).
 *
 * @param machine what computes, and the memory and disk it has left
 * @param isDone whether a run's checkpoint is there
 * @param missingMeasurements models that still lack a measurement
 * @param tokensPerMeasurement predicted tokens of all domains together
 */
export function planSummary(
  study: Study,
  plan: StudyPlan,
  rate: MeasuredRate,
  machine: { device: string; availableBytes: number | null; freeDiskBytes: number },
  isDone: (fingerprint: string) => boolean,
  measurements: { total: number; missing: number; tokensEach: number }
): PlanSummary {
  const perToken = trainingFlopsPerToken(plan.config)
  const seedRuns = plan.seed ? [plan.seed] : []
  const trainingLine = (what: CostLine['what'], runs: readonly PlannedRun[]): CostLine => {
    const distinct = distinctRuns(runs)
    const rest = distinct.filter((run) => !isDone(run.fingerprint))
    const tokens = sum(rest.map((run) => run.tokens))
    const atOnce = Math.min(rate.workers, Math.max(1, rest.length))
    return {
      what,
      count: distinct.length,
      done: distinct.length - rest.length,
      tokens,
      flops: tokens * perToken,
      seconds: trainingSeconds(tokens, rate, atOnce)
    }
  }
  const evaluationTokens = measurements.missing * measurements.tokensEach
  const lines: CostLine[] = [
    trainingLine('seed', seedRuns),
    trainingLine('branches', plan.branches),
    trainingLine('sequential models', plan.sequentials),
    ...(plan.repeats.length > 0
      ? [trainingLine('repeats', plan.repeats.flatMap(repeatedRuns))]
      : []),
    {
      what: 'measurements',
      count: measurements.total,
      done: measurements.total - measurements.missing,
      tokens: evaluationTokens,
      flops: evaluationTokens * evaluationFlopsPerToken(plan.config),
      seconds: evaluationTokens / (rate.evaluateTokensPerSecond * rate.workers)
    }
  ]
  const parameters = parameterCount(plan.config)
  const training = lines.filter(({ what }) => what !== 'measurements')
  const left = distinctRuns(runsOf(plan)).filter((run) => !isDone(run.fingerprint))
  const atOnce = Math.min(rate.workers, left.length)
  const seconds = (tokens: number) => trainingSeconds(tokens, rate, rate.workers)
  const total = (runs: number, tokens: number) => ({
    runs,
    tokens,
    flops: tokens * perToken,
    seconds: seconds(tokens)
  })
  const seedTokens = sum(seedRuns.map((run) => run.tokens))
  const naive = naiveTraining(study, plan)
  return {
    study: study.name,
    parameters,
    trainingFlopsPerToken: perToken,
    mixtures: plan.mixtures.length,
    lines,
    trainingSeconds: sumOrNull(training.map((line) => line.seconds)),
    evaluationSeconds: sum(lines.slice(training.length).map((line) => line.seconds ?? 0)),
    diskBytes: keptBytes(study, plan.config, left) + atOnce * savedBytes(plan.config),
    memoryBytes: study.trainer ? null : trainingMemoryBytes(plan.config, study.branch),
    rate,
    ...machine,
    largest: study.trainer
      ? null
      : largestTrainable(plan.config.vocabularySize, study.branch, machine.availableBytes),
    modular: total(
      seedRuns.length + plan.branches.length,
      seedTokens + sum(plan.branches.map((run) => run.tokens))
    ),
    naive: total(naive.runs, naive.tokens)
  }
}

/** The naive way: the seed, and every mixture trained on the sum of its units' budgets. */
export function naiveTraining(study: Study, plan: StudyPlan): { runs: number; tokens: number } {
  const seedRuns = plan.seed ? [plan.seed] : []
  const tokens = plan.mixtures.map((mixture) => naiveTokens(mixture, study, plan.config))
  return {
    runs: seedRuns.length + plan.mixtures.length,
    tokens: sum(seedRuns.map((run) => run.tokens)) + sum(tokens)
  }
}

function naiveTokens(mixture: Mixture, study: Study, config: DecoderConfig): number {
  const wholes = mixture.units.length / study.unit.parts
  return wholes * study.unit.sequences * config.contextLength
}

/** What training takes at a rate; null where the rate is not known and there is something to train. */
export function trainingSeconds(
  tokens: number,
  { trainTokensPerSecond: rate }: Pick<MeasuredRate, 'trainTokensPerSecond'>,
  atOnce: number
): number | null {
  if (tokens === 0) return 0
  return rate === null ? null : tokens / (rate * atOnce)
}

/** A sum of what is known; null where a part of it is not. */
export function sumOrNull(values: readonly (number | null)[]): number | null {
  return values.includes(null) ? null : sum(values as number[])
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
