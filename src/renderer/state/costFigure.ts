/** Cost of ways to answer against the number of partitions, as two figures have it. Pure. */
import type { CostCurves } from '#shared/costCurves'
import { csvTable } from '#shared/csvText'
import { grouped, inFlops, short } from '../format'

/** What a figure counts. */
export type CostMeasure = 'runs' | 'flops'

export const MEASURE_TITLES: Record<CostMeasure, string> = {
  runs: 'Training runs',
  flops: 'Training compute, FLOP'
}

/** What this study really has: a level in the figure. */
export function ownLevels(
  curves: CostCurves,
  measure: CostMeasure
): { name: string; value: number }[] {
  const shown = {
    'Every mixture of this study, trained': 'these mixtures',
    'Really spent here': 'spent here'
  }
  return Object.entries(shown).flatMap(([what, name]) => {
    const value = curves.own.find((own) => own.what === what)?.[measure] ?? 0
    return value > 0 ? [{ name, value }] : []
  })
}

/** A count as it is read on an axis or in a table. */
export function costWords(value: number, measure: CostMeasure): string {
  if (measure === 'flops') return inFlops(value)
  return value < 1e6
    ? grouped(Math.round(value))
    : value < 1e12
      ? short(value)
      : value.toExponential(2)
}

/** From which mixture on branches are the cheaper way, in words. */
export function breakEvenWords({ units, unitsPerMixture, breakEven }: CostCurves): string {
  return `Branches pay for themselves once the mixtures asked about hold more than ${grouped(units)} base units together: with the ${unitsPerMixture.toFixed(1)} of a mixture here, from mixture ${grouped(breakEven)} on.`
}

/** Curves, then what this study's own ways cost, with full precision. */
export function costCsv({ ways, own, members }: CostCurves): string {
  return csvTable(
    ['way', 'members', 'runs', 'flops'],
    [
      ...ways.flatMap(({ name, points }) =>
        points.map(({ n, runs, flops }) => [name, n, runs, flops])
      ),
      ...own.map(({ what, runs, flops }) => [`this study: ${what}`, members, runs, flops])
    ]
  )
}
