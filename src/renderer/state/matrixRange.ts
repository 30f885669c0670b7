/** The legend as a filter: mixtures whose value in a column lies between two levels. Pure. */
import { percent, significant } from '../format'
import { columnName, nats } from './matrixTexts'
import { TARGET, signOf, unitOf } from './matrixView'
import type { MatrixTable, Measure } from './matrixView'

/** Bands of the legend: eight shades each way, and what has none between them. */
export const BANDS = 17

/** From one edge of the legend's bands to another: 0 … {@link BANDS}, `from` below `to`. */
export interface BandRange {
  from: number
  to: number
}

/** Levels of a column between which a value is to lie, as {@link MatrixTable.level} gives them. */
export interface LevelRange {
  column: number
  measure: Measure
  /** Open at an end of the legend: what is beyond it has its shade. */
  low: number | null
  high: number | null
}

/** The shade at an edge between bands: shades are rounded to their band, so edges lie half between. */
function shadeAtEdge(edge: number): number {
  return (2 * edge - BANDS) / (BANDS - 1)
}

/** The shade of a band. */
export function shadeOfBand(band: number): number {
  return (2 * band) / (BANDS - 1) - 1
}

/** Whether levels rise from the best to the worst: ranks and losses do, metrics of tasks fall. */
function isRisingTo({ choice, matrix }: MatrixTable): boolean {
  return choice.measure === 'rank' || signOf(matrix) > 0
}

/** The legend's range as levels of a column; null where it is the whole legend. */
export function levelsOf(
  table: MatrixTable,
  { from, to }: BandRange,
  column: number,
  overAll: boolean
): LevelRange | null {
  if (from <= 0 && to >= BANDS) return null
  const levelAt = (edge: number) => table.levelAt(shadeAtEdge(edge), column, overAll)
  const best = from <= 0 ? null : levelAt(from)
  const worst = to >= BANDS ? null : levelAt(to)
  const isRising = isRisingTo(table)
  return {
    column,
    measure: table.choice.measure,
    low: isRising ? best : worst,
    high: isRising ? worst : best
  }
}

/** Bands that levels lie in, to the nearest edge: a legend of another scale has them elsewhere. */
export function bandsOf(table: MatrixTable, range: LevelRange, overAll: boolean): BandRange {
  const edges = Array.from({ length: BANDS + 1 }, (_, edge) =>
    table.levelAt(shadeAtEdge(edge), range.column, overAll)
  )
  const nearest = (level: number) => {
    const far = edges.map((edge) => Math.abs(edge - level))
    return far.indexOf(Math.min(...far))
  }
  const [best, worst] = isRisingTo(table) ? [range.low, range.high] : [range.high, range.low]
  const from = best === null ? 0 : Math.min(BANDS - 1, nearest(best))
  const to = worst === null ? BANDS : nearest(worst)
  return { from, to: Math.max(from + 1, to) }
}

/** The range after a handle went to an edge: the two never meet. */
export function withEdge(range: BandRange, handle: keyof BandRange, edge: number): BandRange {
  if (handle === 'from') return { ...range, from: Math.max(0, Math.min(range.to - 1, edge)) }
  return { ...range, to: Math.min(BANDS, Math.max(range.from + 1, edge)) }
}

/** Whether the columns of a matrix hold what is asked for: a target may have gone. */
export function isAskable(table: MatrixTable, { column }: LevelRange): boolean {
  return column === TARGET ? table.choice.weights !== null : column < table.matrix.domains.length
}

/** Places whose value lies in a range; what is not measured does not. */
export function placesInRange(
  table: MatrixTable,
  places: readonly number[],
  { column, measure, low, high }: LevelRange
): number[] {
  return places.filter((place) => {
    const level = table.level(place, column, measure)
    if (level === null) return false
    return (low === null || level >= low) && (high === null || level <= high)
  })
}

/** A level as the legend and its filter say it, without its unit. */
export function levelWords(level: number, measure: Measure): string {
  if (measure === 'rank') return percent(level)
  return measure === 'value' ? significant(level) : nats(level)
}

/** A range in words: `code −0.50 … −0.20 nats/token`. */
export function levelRangeWords(table: MatrixTable, range: LevelRange): string {
  const { column, measure, low, high } = range
  const words = (level: number) => levelWords(level, measure)
  const between =
    low === null
      ? `up to ${words(high!)}`
      : high === null
        ? `from ${words(low)}`
        : `${words(low)} … ${words(high)}`
  const unit = measure === 'rank' ? 'of the ranks' : unitOf(table.matrix, column, measure)
  return `${columnName(table, column)} ${between} ${unit}`
}
