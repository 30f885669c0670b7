/** How the values of a column are spread: counts for the small histogram in its head. Pure. */
import { significant } from '../format'
import { columnName, nats } from './matrixTexts'
import { differenceUnit, signOf, unitOf } from './matrixView'
import type { MatrixTable } from './matrixView'

/** Bins of a column. */
const BINS = 12

export interface ColumnBins {
  /** Mixtures by bin, the best values first. */
  counts: readonly number[]
  /** In words, for who does not see the bars. */
  words: string
}

/**
 * Counts the listed mixtures by their value in a column, between the lowest and the highest of them.
 * Differences are binned where they are shown, else losses: ranks are spread alike whatever they rank.
 *
 * @returns null where fewer than two are measured: they have no spread
 */
export function columnBins(
  table: MatrixTable,
  places: readonly number[],
  column: number
): ColumnBins | null {
  const { measure } = table.choice
  const isDifference = measure === 'difference' || measure === 'change'
  const levels: number[] = []
  for (const place of places) {
    const level = isDifference ? table.level(place, column, measure) : table.loss(place, column)
    if (level !== null) levels.push(level)
  }
  if (levels.length < 2) return null
  let [low, high] = [Infinity, -Infinity]
  for (const level of levels) {
    if (level < low) low = level
    if (level > high) high = level
  }
  const counts = new Array<number>(BINS).fill(0)
  const step = (high - low) / BINS
  for (const level of levels) {
    counts[step > 0 ? Math.min(BINS - 1, Math.floor((level - low) / step)) : 0]!++
  }
  const own = unitOf(table.matrix, column, 'value')
  const unit = isDifference ? differenceUnit(table.matrix) : own
  const isLog = isDifference || own !== 'perplexity'
  const sign = isDifference ? 1 : signOf(table.matrix)
  const words = (level: number) => (isLog ? nats(sign * level) : significant(Math.exp(level)))
  return {
    counts,
    words: `${columnName(table, column)}: ${levels.length} measured, from ${words(low)} to ${words(high)} ${unit}`
  }
}

/** The bins of any column, counted when one is first asked for. */
export function binsByColumn(
  table: MatrixTable,
  places: readonly number[]
): (column: number) => ColumnBins | null {
  const counted = new Map<number, ColumnBins | null>()
  return (column) => {
    let bins = counted.get(column)
    if (bins === undefined) counted.set(column, (bins = columnBins(table, places, column)))
    return bins
  }
}

/** The bars of counts as one path, best on the left; what is there is at least one px high. */
export function binsPath(counts: readonly number[], width: number, height: number): string {
  const most = Math.max(1, ...counts)
  const step = width / counts.length
  return counts
    .map((count, bin) => {
      if (count === 0) return ''
      const high = Math.max(1, Math.round((height * count) / most))
      return `M${bin * step} ${height}v${-high}h${step - 1}v${high}z`
    })
    .join('')
}
