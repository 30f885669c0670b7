/** What the question costs in several ways of answering it (runs, tokens), and what was spent. Pure. */
import { WAYS } from '../naiveWays'
import type { Way } from '../naiveWays'
import type { StudyResults } from '../results'
import type { ReportFacts } from '#engine/workers/reportJobs'

/** One way of answering. */
export interface CostLine {
  what: string
  how: string
  runs: number
  tokens: number
  /** Of training, added up over runs; null where no run has told a rate. */
  seconds: number | null
}

/** All of them, and from where on the modular way is the cheaper one. */
export interface CostSummary {
  lines: CostLine[]
  /** Members that mixtures are made of: partitions or base units. */
  members: number
  /** Base units that branches are trained on, and units of a mixture on average. */
  units: number
  unitsPerMixture: number
  /** Mixtures of that size from which on branches are cheaper than training each. */
  breakEven: number
  /** Mean rate of the finished runs, tokens per second of one run; null without any. */
  tokensPerSecond: number | null
  /** Tokens measured so far, over all models and domains. */
  measuredTokens: number
}

/**
 * Counts runs and tokens of training.
 *
 * Every way pays for the seed once.
 */
export function costSummary(
  results: StudyResults,
  cost: NonNullable<ReportFacts['cost']>
): CostSummary {
  const { mixtures, prepared, runs } = results
  const members = new Set(mixtures.flatMap((one) => one.members.map(({ name }) => name))).size
  const used = mixtures.map((one) => one.units.length)
  const distinct = new Set(mixtures.flatMap((one) => one.units.map(({ unit }) => unit)))
  const unitsPerMixture = used.reduce((sum, one) => sum + one, 0) / Math.max(1, used.length)
  const own = [...new Map(runs.map((run) => [run.fingerprint, run])).values()]
  const spentTokens = own.reduce((sum, run) => sum + run.tokens, 0)
  const spentSeconds = own.reduce((sum, run) => sum + run.elapsedMs / 1000, 0)
  const tokensPerSecond = spentSeconds > 0 ? spentTokens / spentSeconds : null
  const seedRuns = cost.seedTokens > 0 ? 1 : 0
  const memberTokens = cost.modular.tokens - cost.seedTokens
  const way = (what: string, how: string, runs: number, tokens: number): CostLine => ({
    what,
    how,
    runs,
    tokens,
    seconds: tokensPerSecond === null ? null : tokens / tokensPerSecond
  })
  const naive = (what: string, how: string, { runs, times }: Way) =>
    way(what, how, seedRuns + runs(members), cost.seedTokens + times(members) * memberTokens)
  const [all, pairs] = WAYS
  return {
    lines: [
      naive('Every subset, trained', `2ⁿ − 1, n = ${members}`, all!),
      naive('Every pair, trained', 'n (n − 1) / 2', pairs!),
      way(
        'Every mixture of this study, trained',
        `${mixtures.length} mixtures`,
        cost.naive.runs,
        cost.naive.tokens
      ),
      way(
        'Modular: one branch per base unit',
        'as planned',
        cost.modular.runs,
        cost.modular.tokens
      ),
      way('Sequential models, as evidence', 'as planned', cost.evidence.runs, cost.evidence.tokens),
      {
        what: 'Really spent here',
        how: 'finished runs',
        runs: own.length,
        tokens: spentTokens,
        seconds: own.length > 0 ? spentSeconds : null
      }
    ],
    members,
    units: distinct.size,
    unitsPerMixture,
    breakEven: Math.floor(distinct.size / unitsPerMixture) + 1,
    tokensPerSecond,
    measuredTokens: measuredTokens(results, prepared.domains)
  }
}

function measuredTokens(
  { models }: StudyResults,
  domains: readonly { name: string; tokens: number }[]
): number {
  const tokens = new Map(domains.map(({ name, tokens }) => [name, tokens]))
  const distinct = [...new Map(models.map((model) => [model.fingerprint, model])).values()]
  return distinct
    .flatMap(({ nats }) => [...nats.keys()])
    .reduce((sum, name) => sum + (tokens.get(name) ?? 0), 0)
}
