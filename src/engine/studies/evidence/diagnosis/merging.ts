/** Claims about merging itself: whether weighting matters, and whether the middle is worse than the ends. */
import type { Finding, LineKind, LineLosses } from '#shared/diagnosis'
import { HEADLINE_DOMAIN } from '#shared/evidenceView'
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
 * Whether the loss rises between two branches, on the mean over all domains.
 *
 * Where lines between branches are measured, by how far they rise above what lies straight between
 * their ends; else by their middles alone, which the study's mixtures of two units are.
 */
export function diagnoseBarrier(study: DiagnosedStudy, lines: readonly LineLosses[]): Finding {
  const heights = barriersOf(lines)
  const between = heights.filter(({ kind }) => kind === 'branch-branch')
  const middles = middlesOf(study)
  if (between.length > 0) return fromLines(heights, middles)
  const measure = (value: number | null) =>
    measured(
      'loss of the middle of two branches less the mean of both, mean over pairs',
      value,
      NATS
    )
  if (study.results.tables || middles.length === 0) {
    const why = study.results.tables
      ? 'Tables do not say how many branches were merged.'
      : 'No even merge of two branches is measured: it takes mixtures of two units, or lines.'
    return finding('barrier', null, { verdict: 'cannot tell', measure: measure(null), why })
  }
  const mean = meanOf(middles.map(({ height }) => height))
  const isHigh = mean > THRESHOLDS.barrier
  const why = isHigh
    ? 'Merging costs by itself, whatever the data are worth.'
    : 'The middle is no worse than the branches, or hardly.'
  return finding('barrier', null, {
    verdict: isHigh ? 'yes' : 'no',
    measure: measure(mean),
    why: `${why} Only middles are measured, no whole lines.`,
    numbers: [
      measured('pairs of branches', middles.length),
      ...middles.map(({ name, height }) => measured(`barrier of ${name}`, height, NATS))
    ]
  })
}

interface Height {
  name: string
  height: number
}

/** Even merges of two branches less the mean of both, the highest first. */
function middlesOf(study: DiagnosedStudy): Height[] {
  const merge = study.proxyLosses('merge-micro')
  const ends = study.proxyLosses('branch-mean-log')
  return study.mixtures
    .flatMap(({ name, units }, i) => {
      const isEven = units.length === 2 && Math.abs(units[0]!.microWeight - 0.5) < 1e-9
      const height = merge[i]! - ends[i]!
      return isEven && Number.isFinite(height) ? [{ name, height }] : []
    })
    .sort((a, b) => b.height - a.height)
}

/** How far each line rises on the mean over all domains, the highest first. */
function barriersOf(lines: readonly LineLosses[]): (Height & { kind: LineKind })[] {
  return lines
    .flatMap(({ kind, from, to, domains }) => {
      const mean = domains.find(({ domain }) => domain === HEADLINE_DOMAIN)
      return mean ? [{ kind, name: `${from} to ${to}`, height: mean.barrier }] : []
    })
    .sort((a, b) => b.height - a.height)
}

function fromLines(heights: (Height & { kind: LineKind })[], middles: Height[]): Finding {
  const of = (kind: LineKind) => heights.filter((one) => one.kind === kind)
  const meanHeight = (own: readonly Height[]) =>
    own.length === 0 ? null : meanOf(own.map(({ height }) => height))
  const between = of('branch-branch')
  const mean = meanHeight(between)!
  const isHigh = mean > THRESHOLDS.barrier
  const why = isHigh
    ? 'Merging costs by itself, whatever the data are worth.'
    : 'On the way from branch to branch the loss hardly rises above what lies straight between.'
  const name = 'highest point of the line between two branches above the straight, mean over lines'
  return finding('barrier', null, {
    verdict: isHigh ? 'yes' : 'no',
    measure: measured(name, mean, NATS),
    why: `${why} By whole lines.`,
    numbers: [
      measured('lines between branches', between.length),
      measured('barrier from the seed, mean over lines', meanHeight(of('seed-branch')), NATS),
      measured(
        'barrier to the merge of all, mean over lines',
        meanHeight(of('branch-merge')),
        NATS
      ),
      measured(
        'loss of the middle less the mean of both, mean over mixtures of two',
        meanHeight(middles),
        NATS
      ),
      ...heights.map((one) => measured(`barrier from ${one.name}`, one.height, NATS))
    ]
  })
}
