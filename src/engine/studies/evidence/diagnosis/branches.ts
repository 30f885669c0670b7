/** Claims about branches: whether they had learnt, what of, and how far they went from one another. */
import { fitLines, studentQuantile } from '#engine/statistics/leastSquares'
import type { BranchGeometry, Finding } from '#shared/diagnosis'
import type { TracePoint } from '#shared/records'
import { chosenDocuments, indexModels } from '#engine/studies/results'
import type { StudyResults } from '#engine/studies/results'
import { lossOn } from '../scores'
import { earlierAgreement } from './earlierAgreement'
import { finding, meanOf, measured, NATS } from './finding'
import type { DiagnosedStudy } from './finding'
import { CURVE_END, FEWEST_POINTS, THRESHOLDS } from './thresholds'

/** The training curve of one branch. */
export interface BranchTrace {
  name: string
  points: readonly Pick<TracePoint, 'step' | 'loss'>[]
}

/**
 * Whether branches were still learning at their end: the slope of their training loss over the last
 * part of their curves.
 *
 * Training text that was read before falls by being known by heart: with repeated text a no is sure,
 * a yes is not. Beside it stands how well merges of earlier checkpoints agreed, where they were kept.
 */
export function diagnoseConvergence(study: DiagnosedStudy, traces: BranchTrace[]): Finding {
  const limit = THRESHOLDS['not-converged']
  const measure = (value: number | null) =>
    measured('fall of the training loss per tenth of the run, mean over branches', value, NATS)
  const agreement = earlierAgreement(study)
  const ends = traces.flatMap(({ name, points }) => {
    const end = endOf(points)
    return end ? [{ name, ...end }] : []
  })
  if (ends.length === 0) {
    const why = study.results.tables
      ? 'The study was made from tables: there are no training curves.'
      : `No finished branch has ${FEWEST_POINTS} steps in the last ${100 * CURVE_END} % of its curve.`
    return finding('not-converged', null, {
      verdict: 'cannot tell',
      measure: measure(null),
      why: why + agreement.words,
      numbers: agreement.numbers
    })
  }
  const fall = meanOf(ends.map((one) => one.fall))
  const squares = ends.reduce((sum, { error }) => sum + error ** 2, 0)
  const error = Math.sqrt(squares) / ends.length
  const reach = studentQuantile(ends.reduce((sum, { freedom }) => sum + freedom, 0)) * error
  const verdict = fall - reach > limit ? 'yes' : fall + reach < limit ? 'no' : 'cannot tell'
  const why = {
    yes: 'They still fell by more than what tells mixtures apart.',
    no: 'They fell by less than what tells mixtures apart.',
    'cannot tell': 'The noise of training steps hides on which side of the threshold it is.'
  }[verdict]
  const falling = ends.filter((one) => one.fall - 2 * one.error > limit)
  return finding('not-converged', null, {
    verdict,
    measure: measure(fall),
    why: why + agreement.words,
    numbers: [
      ...agreement.numbers,
      measured('standard error', error, NATS),
      measured('branches', ends.length),
      measured('branches that by themselves still fell beyond doubt', falling.length),
      ...ends.flatMap((one) => [
        measured(`fall of ${one.name}`, one.fall, NATS),
        measured(`standard error of ${one.name}`, one.error, NATS)
      ])
    ]
  })
}

/** Fall per tenth of the run at a curve's end; null with too few points. */
function endOf(points: BranchTrace['points']) {
  const last = points.at(-1)?.step ?? 0
  const end = points.filter(({ step }) => step > (1 - CURVE_END) * last)
  if (end.length < FEWEST_POINTS) return null
  const tenths = Float64Array.from(end, ({ step }) => (10 * step) / last)
  const losses = Float64Array.from(end, ({ loss }) => loss)
  const fit = fitLines(tenths, losses, new Int32Array(end.length))
  if (!fit) return null
  const freedom = end.length - 2
  const error = fit.reach / studentQuantile(freedom) / Math.sqrt(fit.squares)
  return { fall: -fit.slope, error, freedom }
}

/** How much better than the seed branches are on their own domain: mean over those of a partition. */
export function gainsOnOwn(results: StudyResults): { name: string; gain: number }[] {
  const models = indexModels(results)
  return results.prepared.partitions.flatMap(({ name, baseUnits }) => {
    const domain = results.domains.find(({ partition }) => partition === name)
    if (!domain) return []
    const chosen = chosenDocuments(domain, 'all')
    const seed = lossOn(models.seed, domain, chosen)
    const own = baseUnits
      .map(({ name: unit }) => seed - lossOn(models.branch(unit), domain, chosen))
      .filter(Number.isFinite)
    return own.length > 0 ? [{ name, gain: meanOf(own) }] : []
  })
}

/** Whether some partition's branches gained next to nothing on their own domain. */
export function diagnoseGain(study: DiagnosedStudy): Finding {
  const { results } = study
  const measure = (value: number | null) =>
    measured('least gain of a partition on its own domain', value, NATS)
  const gains = gainsOnOwn(results)
  if (gains.length === 0) {
    const why = results.tables
      ? 'The study was made from tables, which do not tell branches from other models.'
      : 'No seed and branch are both measured on a domain of the branch’s partition.'
    return finding('small-partitions', null, {
      verdict: 'cannot tell',
      measure: measure(null),
      why
    })
  }
  gains.sort((a, b) => a.gain - b.gain)
  const least = gains[0]!
  const isSmall = least.gain < THRESHOLDS['small-partitions']
  const why = isSmall
    ? `Branches of ${least.name} are hardly better on it than the seed: its merges say little of it.`
    : 'Branches of every partition are clearly better on it than the seed.'
  return finding('small-partitions', null, {
    verdict: isSmall ? 'yes' : 'no',
    measure: measure(least.gain),
    why,
    numbers: gains.map(({ name, gain }) => measured(`gain of ${name}`, gain, NATS))
  })
}

/** Whether branches lie so far apart that their average is no small step from any of them. */
export function diagnoseDistance(study: DiagnosedStudy, geometry: BranchGeometry | null): Finding {
  const measure = (value: number | null) =>
    measured("distance between two branches over the seed's length, mean over pairs", value)
  const branches = geometry?.branches ?? []
  if (!geometry || branches.length < 2) {
    let why = 'It takes two trained branches.'
    if (!geometry) why = 'Neither checkpoints of branches nor their distances are here.'
    if (study.results.tables) why = 'The study was made from tables: there are no weights.'
    return finding('far-apart', null, { verdict: 'cannot tell', measure: measure(null), why })
  }
  const pairs = branches.flatMap((a, i) =>
    branches.slice(0, i).map((b, j) => {
      const cosine = geometry.cosines[i]![j] ?? null
      const [r, s] = [a.relativeDistance, b.relativeDistance]
      const distance = Math.sqrt(Math.max(0, r * r + s * s - 2 * r * s * (cosine ?? 0)))
      return { name: `${b.name} and ${a.name}`, cosine, distance }
    })
  )
  const distance = meanOf(pairs.map((pair) => pair.distance))
  const known = pairs.flatMap(({ cosine }) => (cosine === null ? [] : [cosine]))
  const isFar = distance > THRESHOLDS['far-apart']
  const why = isFar
    ? "The way between two branches is long beside the seed's own length."
    : "The way between two branches is short beside the seed's own length."
  return finding('far-apart', null, {
    verdict: isFar ? 'yes' : 'no',
    measure: measure(distance),
    why,
    numbers: [
      measured('mean cosine of two branches’ ways', known.length > 0 ? meanOf(known) : null),
      measured('mean distance from the seed', meanOf(branches.map((one) => one.relativeDistance))),
      ...branches.map((one) => measured(`distance of ${one.name}`, one.relativeDistance)),
      ...pairs.map(({ name, cosine }) => measured(`cosine of ${name}`, cosine))
    ]
  })
}
