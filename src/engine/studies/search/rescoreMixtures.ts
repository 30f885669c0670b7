/** Holds what a search found against merges: the best are averaged and measured. */
import { weighedLosses } from '#engine/proxies/search/searchMixtures'
import type { HalfLosses, Rescored, SearchResult } from '#shared/mixtureSearch'
import type { Study } from '#shared/records'
import { evaluateMixtures } from '../evaluateMixtures'
import { scoreStudy } from '../evidence/scores'
import { describeReport, readResults } from '../report'
import { studyOfMixtures } from '../requestedMixtures'
import type { StudyResults } from '../results'
import type { RunContext } from '../runContext'

/**
 * Averages and measures the first mixtures of a search; what is measured already is read.
 *
 * @param most how many
 * @param workOn what work on a study is given
 * @param beforeWork called when there is something to compute; may refuse it
 * @returns in the search's order
 * @throws WorkbenchError as `evaluateMixtures` does; the signal's reason when it was asked to stop
 */
export async function rescoreMixtures(
  study: Study,
  { best, target, second }: SearchResult,
  most: number,
  workOn: (study: Study) => Promise<RunContext>,
  beforeWork: () => void
): Promise<Rescored[]> {
  const chosen = best.slice(0, most)
  if (chosen.length === 0) return []
  const context = await workOn(
    studyOfMixtures(
      study,
      chosen.map(({ weights }) => weights)
    )
  )
  const names = context.plan.mixtures.map(({ name }) => name)
  await evaluateMixtures(names, context, beforeWork)
  context.signal?.throwIfAborted()
  const losses = mergeLosses(await readResults(describeReport(context), context.measurements))
  return chosen.map(({ mixture }) => ({
    mixture,
    target: weighedLosses(target, losses.get(mixture) ?? {}),
    second: second && weighedLosses(second, losses.get(mixture) ?? {})
  }))
}

/** Nats per token of every mixture's micro merge, by domain. */
function mergeLosses(results: StudyResults): Map<string, Record<string, HalfLosses>> {
  const halves = ['choose', 'confirm'] as const
  const [choose, confirm] = halves.map((half) => {
    const { domains, budgets, proxy } = scoreStudy(results, half)
    return new Map(domains.map(({ name }, d) => [name, proxy('merge-micro', d, budgets[0]!)]))
  })
  const at = (column: Float64Array | null | undefined, row: number): number | null => {
    const perplexity = column?.[row] ?? NaN
    return Number.isFinite(perplexity) ? Math.log(perplexity) : null
  }
  return new Map(
    results.mixtures.map((mixture, row) => [
      mixture.name,
      Object.fromEntries(
        results.domains.map(({ name }) => [
          name,
          { choose: at(choose!.get(name), row), confirm: at(confirm!.get(name), row) }
        ])
      )
    ])
  )
}
