/** Whether the proxy is off by another amount for another number of branches. */
import { unitCount } from '#engine/proxies/composition'
import { deriveSeed, seededRandom, shuffle } from '#engine/statistics/random'
import type { Finding } from '#shared/diagnosis'
import type { BudgetKind } from '#shared/records'
import { groupMixtures } from '../strata'
import { finding, meanOf, measured, NATS } from './finding'
import type { DiagnosedStudy } from './finding'
import { FALSE_ALARM, FEWEST_LEFT, THRESHOLDS } from './thresholds'

const SHUFFLES = 2000
/** Variance this small, in nats² per token², is rounding. */
const ROUNDING = 1e-18

/**
 * Whether truth less proxy depends on how many branches are merged: then mixtures of different
 * numbers must not be compared as they stand.
 *
 * The share of the offset's variance that lies between numbers is estimated without bias, so that
 * noise alone gives 0, and its chance by shuffling the numbers.
 */
export function diagnoseOffset(study: DiagnosedStudy, budget: BudgetKind): Finding {
  const measure = (value: number | null) =>
    measured("share of the offset's variance between numbers of branches", value)
  const cannotTell = (why: string) =>
    finding('offset', budget, { verdict: 'cannot tell', measure: measure(null), why })
  if (study.results.tables) return cannotTell('Tables do not say how many branches were merged.')
  if (study.proxy === null) return cannotTell('The study has no merges.')
  const proxy = study.proxyLosses(study.proxy)
  const truth = study.truth(budget, 'evidence')
  const both = study.mixtures.flatMap((_, i) => (Number.isFinite(truth[i]! - proxy[i]!) ? [i] : []))
  const { items, groups } = groupMixtures(
    'branches',
    both.map((i) => study.mixtures[i]!),
    (mixture) => String(unitCount(mixture))
  )
  const offsets = items.map((place) => truth[both[place]!]! - proxy[both[place]!]!)
  const labels = [...groups]
  const count = new Set(labels).size
  if (count < 2 || offsets.length - count < FEWEST_LEFT) {
    return cannotTell(
      `It takes two numbers of branches with ${FEWEST_LEFT} mixtures beyond the first of each number; there are ${count} with ${offsets.length} mixtures.`
    )
  }
  const { between, within } = variances(offsets, labels)
  const total = between + within
  const share = total < ROUNDING ? 0 : between / total
  const random = seededRandom(deriveSeed(study.results.study.randomSeed, 'offset'))
  const shuffled = [...labels]
  let asFar = 1
  for (let i = 0; i < SHUFFLES; i++) {
    if (variances(offsets, shuffle(shuffled, random)).between >= between) asFar++
  }
  const p = asFar / (SHUFFLES + 1)
  const byNumber = [...new Set(labels)].map((group) => {
    const own = offsets.filter((_, i) => labels[i] === group)
    const branches = unitCount(study.mixtures[both[items[labels.indexOf(group)]!]!]!)
    return { branches, mixtures: own.length, offset: meanOf(own) }
  })
  const numbers = [
    measured('spread between numbers of branches', Math.sqrt(between), NATS),
    measured('spread within one number', Math.sqrt(within), NATS),
    measured('p by shuffling', p),
    ...byNumber
      .sort((a, b) => a.branches - b.branches)
      .map(({ branches, mixtures, offset }) =>
        measured(
          `truth less ${study.proxy} of ${branches} branches (n = ${mixtures})`,
          offset,
          NATS
        )
      )
  ]
  const told = { measure: measure(share), numbers }
  if (share < THRESHOLDS.offset) {
    const why =
      'Merges of different numbers of branches differ less in it than those of one number.'
    return finding('offset', budget, { ...told, verdict: 'no', why })
  }
  if (p < FALSE_ALARM) {
    const why = 'The offset moves with the number of branches: compare mixtures of one number only.'
    return finding('offset', budget, { ...told, verdict: 'yes', why })
  }
  const why =
    'The offset seems to move with the number of branches, but so few may do so by chance.'
  return finding('offset', budget, { ...told, verdict: 'cannot tell', why })
}

/** Variance within groups, and that of group means less what the first alone gives them. */
function variances(values: number[], labels: number[]): { between: number; within: number } {
  const overall = meanOf(values)
  const groups = new Map<number, number[]>()
  values.forEach((value, i) => groups.set(labels[i]!, [...(groups.get(labels[i]!) ?? []), value]))
  let among = 0
  let inside = 0
  let squares = 0
  for (const own of groups.values()) {
    const mean = meanOf(own)
    among += own.length * (mean - overall) ** 2
    inside += own.reduce((sum, value) => sum + (value - mean) ** 2, 0)
    squares += own.length ** 2
  }
  const [n, k] = [values.length, groups.size]
  const within = inside / (n - k)
  const usual = (n - squares / n) / (k - 1)
  return { between: Math.max(0, (among / (k - 1) - within) / usual), within }
}
