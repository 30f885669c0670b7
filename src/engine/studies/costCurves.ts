/** Runs and compute against the number of members, beside what a study's own costs. Pure. */
import { trainingFlopsPerToken } from '#engine/model/config'
import type { ReportFacts } from '#engine/workers/reportJobs'
import type { CostCurves } from '#shared/costCurves'
import { costSummary } from './htmlReport/costLines'
import { countsShown, WAYS } from './naiveWays'
import type { StudyResults } from './results'

/**
 * Curves of every way, members being as large as this study's are on average: at its own number
 * they pass through the numbers of the report's table.
 */
export function costCurves(
  results: StudyResults,
  cost: NonNullable<ReportFacts['cost']>
): CostCurves {
  const { lines, members, units, unitsPerMixture, breakEven } = costSummary(results, cost)
  const perToken = trainingFlopsPerToken(cost.config)
  const tokensEach = (cost.modular.tokens - cost.seedTokens) / Math.max(1, members)
  return {
    members,
    seedFlops: cost.seedTokens * perToken,
    ways: WAYS.map(({ name, runs, times }) => ({
      name,
      points: countsShown(members).map((n) => ({
        n,
        runs: runs(n),
        flops: (cost.seedTokens + times(n) * n * tokensEach) * perToken
      }))
    })),
    own: lines.map(({ what, how, runs, tokens }) => ({
      what,
      how,
      runs,
      tokens,
      flops: tokens * perToken
    })),
    units,
    unitsPerMixture,
    breakEven
  }
}
