/** Which mixtures should be trained next, where too few were: those that tell most of the additive model. */
import { holdsPartition, partitionShare } from '#engine/proxies/composition'
import { greedyDesign } from '#engine/statistics/greedyDesign'
import { dot } from '#engine/statistics/singularValues'
import type { Finding, ProposedMixture } from '#shared/diagnosis'
import type { Mixture } from '#shared/records'
import { sizeOf, withinSize } from '../strata'
import type { DiagnosedStudy } from './finding'
import { moreMixtures } from './power'

/** More at once nobody plans; what they tell depends on those before. */
const MOST_PROPOSED = 10

/** What is proposed; `whyNone` says why nothing is although too few were trained. */
export interface Proposals {
  proposed: ProposedMixture[]
  whyNoneProposed: string | null
}

/**
 * Proposes mixtures to train where few-mixtures says yes.
 *
 * The truth is taken for one term per partition's share, and a constant for each size. Shares are
 * less their size's mean and of one usual length in all sizes, so that no size tells more for its
 * shares being large. Those chosen to be trained count as known, whether they are trained yet or
 * not; what stands for its own merge is no evidence and not proposed.
 *
 * @param powers the findings of few-mixtures
 * @param count how many; null: as many as are said to be missing, ten at most
 */
export function proposeMixtures(
  study: DiagnosedStudy,
  powers: readonly Finding[],
  count: number | null
): Proposals {
  const few = powers.filter(({ verdict }) => verdict === 'yes')
  if (few.length === 0) return { proposed: [], whyNoneProposed: null }
  const missing = Math.max(...few.map((one) => moreMixtures(one) ?? MOST_PROPOSED))
  const wanted = count ?? Math.min(MOST_PROPOSED, Math.max(1, missing))
  const { scores, results } = study
  const isOwnMerge = (place: number) =>
    scores.budgets.every((budget) => scores.isMerge(budget, place))
  const evidence = study.mixtures.flatMap((mixture, i) => (isOwnMerge(i) ? [] : [mixture]))
  const { items, groups } = withinSize(evidence)
  const mixtures = items.map((place) => evidence[place]!)
  const isChosen = new Set(results.sequentialMixtures)
  const places = [...mixtures.keys()]
  const taken = places.filter((i) => isChosen.has(mixtures[i]!.name))
  const open = places.filter((i) => !isChosen.has(mixtures[i]!.name))
  if (open.length === 0) {
    const whyNoneProposed =
      'Every mixture that another of its size can be compared with is trained or chosen to be. Add mixtures to the study.'
    return { proposed: [], whyNoneProposed }
  }
  const used = new Set(mixtures.flatMap(({ units }) => units.map(({ partition }) => partition)))
  const partitions = [...used].sort()
  const points = compositionsWithin(mixtures, groups, partitions)
  const steps = greedyDesign(points, groups, { taken, open, count: wanted })
  const known = taken.map((i) => mixtures[i]!)
  const proposed = steps.map(({ item, information, before, after }) => {
    const mixture = mixtures[item]!
    const reason = reasonOf(mixture, known, partitions, { before, after })
    known.push(mixture)
    return { mixture: mixture.name, size: sizeOf(mixture), information, reason }
  })
  return { proposed, whyNoneProposed: null }
}

/** Shares less their size's mean, over the usual length of these in their size. */
function compositionsWithin(
  mixtures: readonly Mixture[],
  groups: Int32Array,
  partitions: readonly string[]
): Float64Array[] {
  const shares = mixtures.map((mixture) =>
    Float64Array.from(partitions, (name) => partitionShare(mixture, name))
  )
  const points = shares.map((share) => share.slice())
  for (const group of new Set(groups)) {
    const own = [...points.keys()].filter((i) => groups[i] === group)
    const mean = partitions.map(
      (_, term) => own.reduce((sum, i) => sum + shares[i]![term]!, 0) / own.length
    )
    for (const i of own) mean.forEach((value, term) => (points[i]![term]! -= value))
    const squares = own.reduce((sum, i) => sum + dot(points[i]!, points[i]!), 0)
    const length = Math.sqrt(squares / own.length)
    for (const i of own) {
      // Rounding is no difference.
      points[i] = points[i]!.map((value) => (length > 1e-9 ? value / length : 0))
    }
  }
  return points
}

function reasonOf(
  mixture: Mixture,
  known: readonly Mixture[],
  partitions: readonly string[],
  { before, after }: { before: Float64Array; after: Float64Array }
): string {
  const fresh = partitions.filter(
    (name) => holdsPartition(mixture, name) && !known.some((one) => holdsPartition(one, name))
  )
  if (fresh.length > 0) return `No mixture before it holds ${fresh.join(', ')}.`
  const isAlone = !known.some((one) => sizeOf(one) === sizeOf(mixture))
  if (isAlone) return `No mixture before it has size ${sizeOf(mixture)}.`
  const drops = partitions
    .map((name, term) => ({ name, left: Math.sqrt(after[term]! / before[term]!) }))
    .sort((a, b) => a.left - b.left)
    .slice(0, 2)
    .map(({ name, left }) => `${name} (error to ${Math.round(100 * left)} %)`)
  return `Tells most of ${drops.join(' and ')}.`
}
