/** Two losses of mixtures as a figure has them. Pure. */
import { csvTable } from '#shared/csvText'
import type { FoundMixture, HalfLosses, SearchedMixtures } from '#shared/mixtureSearch'

/** One place in the figure. */
export interface FrontMark {
  mixture: string
  /** Which losses: of the half that was searched on, or of the other one. */
  half: keyof HalfLosses
  /** On the front, or plain mixing. */
  of: 'front' | 'proportional' | 'uniform'
  x: number
  y: number
}

function marksOf(
  one: FoundMixture,
  of: FrontMark['of'],
  halves: readonly (keyof HalfLosses)[]
): FrontMark[] {
  return halves.flatMap((half) => {
    const [x, y] = [one.target[half], one.second?.[half] ?? null]
    return x === null || y === null ? [] : [{ mixture: one.mixture, half, of, x, y }]
  })
}

/** The front on both halves, and plain mixing on the one that had no say. */
export function frontMarks(found: SearchedMixtures): FrontMark[] {
  return [
    ...found.front.flatMap((one) => marksOf(one, 'front', ['choose', 'confirm'])),
    ...marksOf(found.proportional, 'proportional', ['confirm']),
    ...marksOf(found.uniform, 'uniform', ['confirm'])
  ]
}

/** A weighting of domains as an axis names it: `0.50 law + 0.50 code`. */
export function targetWords(target: Record<string, number>): string {
  const entries = Object.entries(target)
  if (entries.length > 3) return `mean of ${entries.length} domains`
  if (entries.length === 1) return entries[0]![0]
  return entries.map(([name, weight]) => `${weight.toFixed(2)} ${name}`).join(' + ')
}

/** What is drawn, with full precision. */
export function frontCsv(found: SearchedMixtures): string {
  const head = ['of', 'mixture', 'half', 'first_target', 'second_target']
  return csvTable(
    head,
    frontMarks(found).map((one) => [one.of, one.mixture, one.half, one.x, one.y])
  )
}
