/** Offsets by size, learned for every proxy, domain and truth budget of a study. */
import { partitionCount, unitCount } from '#engine/proxies/composition'
import { learnSizeOffset } from '#engine/proxies/sizeOffset'
import type { BudgetKind } from '#shared/records'
import type { SizeOffset } from '#shared/sizeOffset'
import type { DocumentChoice, StudyResults } from '../results'
import { isLoss, isFittedOnTruth, scoreStudy } from './scores'
import type { ProxyName, ScoredDomain, Scores } from './scores'
import { sizeOf } from './strata'

/** What an offset makes of a proxy. */
export interface LevelledProxy {
  offset: SizeOffset
  /** By mixture, in the domain's unit; NaN where it cannot be levelled. */
  values: Float64Array
}

/**
 * Levels a proxy by the number of partitions and branches merged.
 *
 * A mixture that was trained is levelled by a fit without it, as regressions have it. Where the
 * sequential model is the merge, nothing is to be levelled. Numbers beyond those that were trained
 * are left alone.
 *
 * @param place of the domain in the scores
 * @returns null where too few mixtures were trained, for regressions on the truth, which know all sizes, and
 *   for tables, which know no branches
 */
export function levelProxy(
  { tables }: Pick<StudyResults, 'tables'>,
  scores: Scores,
  proxy: ProxyName,
  place: number,
  budget: BudgetKind
): LevelledProxy | null {
  if (tables || !isLoss(proxy) || isFittedOnTruth(proxy)) return null
  const values = scores.proxy(proxy, place, budget)
  if (!values) return null
  const isLog = scores.domains[place]!.name.endsWith('-log')
  const inNats = (one: number) => (isLog ? one : Math.log(one))
  const truth = scores.sequential(budget, place)
  const trained = scores.mixtures.flatMap((_, i) =>
    Number.isFinite(values[i]) && Number.isFinite(truth[i]) ? [i] : []
  )
  const learned = learnSizeOffset(
    trained.map((i) => ({
      size: sizeOf(scores.mixtures[i]!),
      partitions: partitionCount(scores.mixtures[i]!),
      branches: unitCount(scores.mixtures[i]!),
      proxy: inNats(values[i]!),
      truth: inNats(truth[i]!)
    }))
  )
  if (!learned) return null
  const { leftOut, offsetOf, ...offset } = learned
  const places = new Map(trained.map((i, at) => [i, at]))
  const levelled = values.map((value, i) => {
    if (scores.isMerge(budget, i)) return value
    const at = places.get(i)
    const mixture = scores.mixtures[i]!
    const own =
      at === undefined ? offsetOf(partitionCount(mixture), unitCount(mixture)) : leftOut[at]!
    return isLog ? value + own : value * Math.exp(own)
  })
  return { offset, values: levelled }
}

/** The offset of one proxy on one domain under one truth budget. */
export interface OffsetRow extends SizeOffset {
  domain: string
  domainKind: ScoredDomain['kind']
  budget: BudgetKind
  proxy: ProxyName
}

/** Every offset that can be learned, whether it earns its place or not. */
export function studyOffsets(
  results: StudyResults,
  options: { documents?: DocumentChoice } = {}
): OffsetRow[] {
  const scores = scoreStudy(results, options.documents ?? 'all')
  return scores.budgets.flatMap((budget) =>
    scores.domains.flatMap(({ name, kind }, place) =>
      scores.proxies.flatMap((proxy): OffsetRow[] => {
        const levelled = levelProxy(results, scores, proxy, place, budget)
        return levelled
          ? [{ domain: name, domainKind: kind, budget, proxy, ...levelled.offset }]
          : []
      })
    )
  )
}
