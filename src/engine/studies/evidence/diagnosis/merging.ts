/** Claims about merging itself: whether weighting matters, and whether the middle is worse than the ends. */
import type { Finding } from '#shared/diagnosis'
import { stratumDecisions } from '../headline'
import { withinSize } from '../strata'
import { finding, meanOf, measured, NATS } from './finding'
import type { DiagnosedStudy } from './finding'
import { THRESHOLDS, UNEQUAL_RATIO } from './thresholds'

/** Whether partitions differ in size so that micro and macro merges choose differently. */
export function diagnoseSizes(study: DiagnosedStudy): Finding {
  const measure = (value: number | null) =>
    measured('pairs of one size that micro and macro merge order differently', value)
  const cannotTell = (why: string) =>
    finding('unequal-sizes', null, { verdict: 'cannot tell', measure: measure(null), why })
  if (study.results.tables) return cannotTell('Tables do not say how large partitions are.')
  const used = new Set(study.mixtures.flatMap(({ units }) => units.map((one) => one.partition)))
  const sizes = study.results.prepared.partitions
    .filter(({ name }) => used.has(name))
    .map(({ name, baseUnits }) => ({ name, units: baseUnits.length }))
  if (sizes.length === 0) return cannotTell('The study has no mixtures.')
  const counts = sizes.map(({ units }) => units)
  const ratio = Math.max(...counts) / Math.min(...counts)
  const micro = study.proxyLosses('merge-micro')
  const macro = study.proxyLosses('merge-macro')
  const both = study.mixtures.flatMap((_, i) => (Number.isFinite(micro[i]! + macro[i]!) ? [i] : []))
  const { alike, compared } = stratumDecisions(
    withinSize(both.map((i) => study.mixtures[i]!)),
    Float64Array.from(both, (i) => micro[i]!),
    Float64Array.from(both, (i) => macro[i]!)
  )
  const share = compared === 0 ? null : 1 - alike / compared
  const numbers = [
    measured('units of the largest partition over those of the smallest', ratio),
    measured('pairs compared', compared),
    ...sizes.map(({ name, units }) => measured(`units of ${name}`, units))
  ]
  const told = { measure: measure(share), numbers }
  if (ratio < UNEQUAL_RATIO) {
    const why = `The largest partition has less than ${UNEQUAL_RATIO} times the units of the smallest.`
    return finding('unequal-sizes', null, { ...told, verdict: 'no', why })
  }
  if (share === null) {
    const why = 'Partitions are of unequal size, but no two mixtures of one size have both merges.'
    return finding('unequal-sizes', null, { ...told, verdict: 'cannot tell', why })
  }
  const matters = share >= THRESHOLDS['unequal-sizes']
  const why = matters
    ? 'Which mixture is better depends on whether each unit or each partition counts the same.'
    : 'Partitions are of unequal size, but both ways of weighting choose alike.'
  return finding('unequal-sizes', null, { ...told, verdict: matters ? 'yes' : 'no', why })
}

/**
 * Whether the loss rises between two branches: that of their even merge less the mean of their own,
 * on the mean over all domains.
 */
export function diagnoseBarrier(study: DiagnosedStudy): Finding {
  const measure = (value: number | null) =>
    measured(
      'loss of the middle of two branches less the mean of both, mean over pairs',
      value,
      NATS
    )
  const merge = study.proxyLosses('merge-micro')
  const ends = study.proxyLosses('branch-mean-log')
  const barriers = study.mixtures.flatMap(({ name, units }, i) => {
    const isEven = units.length === 2 && Math.abs(units[0]!.microWeight - 0.5) < 1e-9
    const height = merge[i]! - ends[i]!
    return isEven && Number.isFinite(height) ? [{ name, height }] : []
  })
  if (study.results.tables || barriers.length === 0) {
    const why = study.results.tables
      ? 'Tables do not say how many branches were merged.'
      : 'No even merge of two branches is measured: it takes mixtures of two units.'
    return finding('barrier', null, { verdict: 'cannot tell', measure: measure(null), why })
  }
  barriers.sort((a, b) => b.height - a.height)
  const mean = meanOf(barriers.map(({ height }) => height))
  const isHigh = mean > THRESHOLDS.barrier
  const why = isHigh
    ? 'Merging costs by itself, whatever the data are worth.'
    : 'The middle is no worse than the branches, or hardly.'
  return finding('barrier', null, {
    verdict: isHigh ? 'yes' : 'no',
    measure: measure(mean),
    why,
    numbers: [
      measured('pairs of branches', barriers.length),
      ...barriers.map(({ name, height }) => measured(`barrier of ${name}`, height, NATS))
    ]
  })
}
