/** Whether as many mixtures as were trained can tell how good a proxy is. */
import { studentQuantile } from '#engine/statistics/leastSquares'
import type { Finding } from '#shared/diagnosis'
import type { BudgetKind } from '#shared/records'
import { measureStratum } from '../measureStratum'
import { withinSize } from '../strata'
import { finding, measured } from './finding'
import type { DiagnosedStudy } from './finding'
import { FEWEST_TELLING, THRESHOLDS } from './thresholds'

const MORE = 'more mixtures for '

/** So many mixtures nobody trains: what needs more is not said as a number. */
const MOST = 10_000

/**
 * Whether too few mixtures were trained.
 *
 * The half width is the wider of two: that of the bootstrap interval over mixtures, and the one
 * that so many mixtures give in theory at the present ρ. How many more it takes follows from the
 * theory, scaled to the first where that is wider. Mixtures share partitions: with few partitions
 * even many mixtures tell less.
 */
export function diagnosePower(study: DiagnosedStudy, budget: BudgetKind): Finding {
  const target = THRESHOLDS['few-mixtures']
  const measure = (value: number | null) => measured("half width of ρ's 95 % interval", value)
  if (study.proxy === null) {
    const why = 'There is no proxy to be held against the sequential models.'
    return finding('few-mixtures', budget, { verdict: 'cannot tell', measure: measure(null), why })
  }
  const x = study.proxyLosses(study.proxy)
  const y = study.truth(budget, 'evidence')
  const both = study.mixtures.flatMap((_, i) => (Number.isFinite(x[i]! + y[i]!) ? [i] : []))
  const mixtures = both.map((i) => study.mixtures[i]!)
  const stratum = withinSize(mixtures)
  const n = stratum.items.length
  const freedom = n - Math.max(0, new Set(stratum.groups).size - 1)
  const { spearman } = measureStratum(
    { randomSeed: study.results.study.randomSeed, mixtures, resamples: new Map() },
    stratum,
    Float64Array.from(both, (i) => x[i]!),
    Float64Array.from(both, (i) => y[i]!),
    null
  )
  const numbers = [
    measured('mixtures compared with another of their size', n),
    measured('the same, beyond the first of each further size', freedom)
  ]
  if (spearman.value === null) {
    const isSame = freedom >= FEWEST_TELLING
    const why = isSame
      ? `${study.proxy} or the sequential models do not differ within sizes.`
      : `${n} mixtures of which another has the same size have both values: no agreement can be said.`
    const verdict = isSame ? 'cannot tell' : 'yes'
    const more = measured(`${MORE}a first number`, FEWEST_TELLING - freedom)
    return finding('few-mixtures', budget, {
      verdict,
      measure: measure(null),
      why,
      numbers: isSame ? numbers : [...numbers, more]
    })
  }
  const rho = spearman.value
  const { interval } = spearman
  const resampled = interval ? (interval.high - interval.low) / 2 : 0
  const inTheory = theoreticalHalfWidth(rho, freedom)
  const half = Math.max(resampled, inTheory)
  const needed = mixturesNeeded(rho, half / inTheory, freedom)
  const isFew = half > target || freedom < FEWEST_TELLING
  return finding('few-mixtures', budget, {
    verdict: isFew ? 'yes' : 'no',
    measure: measure(half),
    why: whyOf({ isFew, half, freedom, more: needed === null ? null : needed - freedom }),
    numbers: [
      ...numbers,
      measured(`ρ of ${study.proxy} within sizes`, rho),
      measured('half width by resampling mixtures', interval ? resampled : null),
      measured('half width in theory at this ρ', inTheory),
      measured('lowest ρ with one partition left out', spearman.drop?.low ?? null),
      measured(`${MORE}a half width of ${target}`, needed === null ? null : needed - freedom)
    ]
  })
}

/** How many more mixtures a finding of {@link diagnosePower} asks for; null where it cannot say. */
export function moreMixtures({ numbers }: Finding): number | null {
  return numbers.find(({ name }) => name.startsWith(MORE))?.value ?? null
}

function whyOf(of: { isFew: boolean; half: number; freedom: number; more: number | null }): string {
  const width = of.half.toFixed(2)
  if (!of.isFew) return `ρ is known to within ${width} on either side.`
  const more = of.more === null ? 'More than can be trained' : `About ${of.more} more`
  return of.half > THRESHOLDS['few-mixtures']
    ? `ρ may be off by ${width}. ${more} would bring that to ${THRESHOLDS['few-mixtures']}.`
    : `${of.freedom} mixtures may agree so well by chance. ${more} would tell.`
}

/**
 * Half of the 95 % interval that so many pairs give a Spearman correlation, by Fisher's z.
 *
 * @returns 1 with so few that there is none
 * @see Fieller, Hartley & Pearson 1957, Biometrika 44: var(z) = 1.06 / (n − 3)
 */
function theoreticalHalfWidth(rho: number, pairs: number): number {
  if (pairs <= 4) return 1
  const z = Math.atanh(Math.max(-0.9999, Math.min(0.9999, rho)))
  const reach = studentQuantile(pairs - 3) * Math.sqrt(1.06 / (pairs - 3))
  return (Math.tanh(z + reach) - Math.tanh(z - reach)) / 2
}

/** Pairs at which the interval is narrow enough, by halving the distance; null beyond all measure. */
function mixturesNeeded(rho: number, wider: number, present: number): number | null {
  const isEnough = (pairs: number) =>
    theoreticalHalfWidth(rho, pairs) * wider <= THRESHOLDS['few-mixtures']
  let low = Math.max(present, FEWEST_TELLING)
  if (isEnough(low)) return low
  let high = MOST
  if (!isEnough(high)) return null
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (isEnough(middle)) high = middle
    else low = middle
  }
  return high
}
