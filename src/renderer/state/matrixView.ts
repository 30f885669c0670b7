/** What the matrix shows of its numbers: one kind of value, in one measure. Pure. */
import { matrixScale, sizeMeans } from './matrixScale'
import type { Losses, MatrixScale } from './matrixScale'
import { METRIC_WORDS } from './taskMatrix'
import type { ShownMatrix } from './taskMatrix'

/**
 * What a column holds; proxy and sequential values are never mixed in one. `difference` is from the
 * mean of those measured of the same size, `change` is against the seed.
 */
export type Measure = 'difference' | 'change' | 'value' | 'rank'

/** The column of the weighted target, which the window computes out of the others. */
export const TARGET = -1

export interface MatrixChoice {
  /** A proxy's name, or `sequential`. */
  source: string
  /** Truth budget of sequential values. */
  budget: string
  measure: Measure
  /** Weight of each domain in the target, in their order; null: no target. */
  weights: readonly number[] | null
}

/** Where a value stands among those of its size. */
export interface SizeRank {
  /** From 1, the lowest value first, ties sharing the best. */
  rank: number
  /** How many are measured. */
  of: number
}

/** The numbers of a matrix as they were chosen; a column is a domain's place or {@link TARGET}. */
export interface MatrixTable {
  readonly matrix: ShownMatrix
  readonly choice: MatrixChoice
  /** False where no seed was measured: shades then go around the middle of a column. */
  readonly hasSeed: boolean
  /** Nats per token, whatever is shown; of a metric of tasks its negative, so that less is better. */
  loss(place: number, column: number): number | null
  /** What a cell shows; null: not measured. */
  cell(place: number, column: number): number | null
  /** Change against the seed, nats per token or of the metric. */
  change(place: number, column: number): number | null
  /**
   * Where a value stands in any measure: perplexity or nats, a difference in nats, or of ranks the
   * share of its size that is better, 0 … 1. Of a metric of tasks all of it is in that metric.
   */
  level(place: number, column: number, measure: Measure): number | null
  /** The level, in the chosen measure, that a shade of a column stands for. */
  levelAt(shade: number, column: number, overAll: boolean): number
  rank(place: number, column: number): SizeRank | null
  /** From −1, best, over 0 (the seed, or the mean of its size; of ranks the middle), to 1, worst. */
  shade(place: number, column: number, overAll: boolean): number | null
  /** The same of the other kind: sequential beside a proxy, the first proxy beside sequential. */
  otherShade(place: number, column: number, overAll: boolean): number | null
  otherValue(place: number, column: number): number | null
  isTrained(place: number): boolean
  isMeasured(place: number): boolean
  /** What the shades go around, and how far they reach. */
  readonly scale: MatrixScale
}

/** Name of what stands beside the chosen kind as a second mark. */
export function otherSource(matrix: ShownMatrix, source: string): string | null {
  if (source !== 'sequential') return 'sequential'
  return matrix.proxies[0]?.name ?? null
}

/** True for a mean of logs, whose values are in nats; all others are perplexities. */
export function isLogMean(domain: string): boolean {
  return domain.endsWith('-log')
}

/** Unit of a difference between two values of a column. */
export function differenceUnit({ metric }: ShownMatrix): string {
  return metric ? METRIC_WORDS[metric] : 'nats/token'
}

/** A value is its loss with this sign, where it is no perplexity: of metrics of tasks more is better. */
export function signOf({ metric }: ShownMatrix): 1 | -1 {
  return metric ? -1 : 1
}

/** Unit of a column's values. */
export function unitOf(matrix: ShownMatrix, column: number, measure: Measure): string {
  if (measure === 'rank') return 'rank within its size'
  if (matrix.metric) return METRIC_WORDS[matrix.metric]
  const isLog = column === TARGET || isLogMean(matrix.domains[column]!.name)
  return measure !== 'value' || isLog ? 'nats/token' : 'perplexity'
}

/**
 * The measure that tells mixtures apart before one is chosen. Often all of them beat the seed, so the
 * difference within a size tells most, where sizes have several mixtures.
 */
export function tellingMeasure(rows: ShownMatrix['rows'], hasSeed: boolean): Measure {
  const sizes = new Set(rows.map(({ size }) => size))
  if (sizes.size < rows.length) return 'difference'
  return hasSeed ? 'change' : 'value'
}

/**
 * Reads a matrix by a choice. Ranks and means of a column are counted when they are first asked for.
 *
 * @param within the table of the study, where the matrix is of one mixture that is held against it
 */
export function matrixTable(
  matrix: ShownMatrix,
  choice: MatrixChoice,
  within: MatrixTable | null = null
): MatrixTable {
  const { measure, weights } = choice
  const values = valuesOf(matrix, choice.source, choice.budget)
  const otherName = otherSource(matrix, choice.source)
  const otherValues = otherName === null ? null : valuesOf(matrix, otherName, choice.budget)
  const own = lossesOf(matrix, values, weights)
  const other = lossesOf(matrix, otherValues, weights)
  const seed = lossesOf(matrix, [matrix.seed], weights)
  const truths = valuesOf(matrix, 'sequential', choice.budget)
  const hasSeed = matrix.seed.some((value) => value !== null)
  const scale =
    within?.scale ??
    matrixScale(matrix, own, {
      columns: [TARGET, ...matrix.domains.keys()],
      seed: hasSeed ? (column) => seed(0, column) : null,
      isBySize: measure === 'difference'
    })
  const otherMeans = sizeMeans(matrix, other)
  const sizeOf = (place: number) => matrix.rows[place]!.size
  const ranks = new Map<number, (SizeRank | null)[]>()
  const rank = (place: number, column: number) => {
    if (within) return rankAmong(within, sizeOf(place), column, own(place, column))
    let found = ranks.get(column)
    if (!found) ranks.set(column, (found = sizeRanks(matrix, (one) => own(one, column))))
    return found[place] ?? null
  }
  const shadeOf = (loss: number, zero: number, column: number, overAll: boolean) =>
    orNull(Math.max(-1, Math.min(1, (loss - zero) / scale.most(column, overAll))))
  const sign = signOf(matrix)
  const signed = (difference: number) => orNull(sign * difference)
  const change = (place: number, column: number) => signed(own(place, column) - seed(0, column))
  const level: MatrixTable['level'] = (place, column, as) => {
    if (as === 'change') return change(place, column)
    if (as === 'difference') return signed(own(place, column) - scale.mean(sizeOf(place), column))
    if (as === 'rank') {
      const found = rank(place, column)
      return found && (found.of > 1 ? (found.rank - 1) / (found.of - 1) : 0.5)
    }
    return column === TARGET ? signed(own(place, column)) : (values?.[place]?.[column] ?? null)
  }
  return {
    matrix,
    choice,
    hasSeed,
    rank,
    change,
    scale,
    level,
    levelAt: (shade, column, overAll) => {
      if (measure === 'rank') return (shade + 1) / 2
      const far = shade * scale.most(column, overAll)
      if (measure !== 'value') return sign * far
      const loss = scale.zero(0, column) + far
      return unitOf(matrix, column, 'value') === 'perplexity' ? Math.exp(loss) : sign * loss
    },
    loss: (place, column) => orNull(own(place, column)),
    cell: (place, column) =>
      measure === 'rank' ? (rank(place, column)?.rank ?? null) : level(place, column, measure),
    shade: (place, column, overAll) => {
      if (measure !== 'rank') {
        return shadeOf(own(place, column), scale.zero(sizeOf(place), column), column, overAll)
      }
      const share = level(place, column, 'rank')
      return share === null ? null : 2 * share - 1
    },
    otherShade: (place, column, overAll) => {
      const size = sizeOf(place)
      const isBySize = measure === 'difference'
      const zero = isBySize ? otherMeans(size, column) : scale.zero(size, column)
      return shadeOf(other(place, column), zero, column, overAll)
    },
    otherValue: (place, column) =>
      column === TARGET ? signed(other(place, column)) : (otherValues?.[place]?.[column] ?? null),
    isTrained: (place) => truths?.[place]?.some((value) => value !== null) ?? false,
    isMeasured: (place) => values?.[place]?.some((value) => value !== null) ?? false
  }
}

type Values = readonly (readonly (number | null)[])[]

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value
}

function valuesOf(matrix: ShownMatrix, source: string, budget: string): Values | null {
  const found =
    source === 'sequential'
      ? matrix.sequential.find((one) => one.budget === budget)
      : matrix.proxies.find((one) => one.name === source)
  return found?.values ?? null
}

/** Losses of values are the same whatever the target is: they are kept beside the values. */
const kept = new WeakMap<Values, Float64Array>()

function lossesOf(
  matrix: ShownMatrix,
  values: Values | null,
  weights: readonly number[] | null
): Losses {
  if (!values) return () => NaN
  const width = matrix.domains.length
  let plain = kept.get(values)
  if (!plain) kept.set(values, (plain = plainLosses(matrix, values)))
  const losses = plain
  const target = weights && targetLosses(losses, width, weights)
  return (place, column) =>
    (column === TARGET ? target?.[place] : losses[place * width + column]) ?? NaN
}

/** A mean of logs is in nats already, and a metric of tasks no loss; everything else is a perplexity. */
function plainLosses(matrix: ShownMatrix, values: Values): Float64Array {
  const isLog = matrix.domains.map(({ name }) => isLogMean(name))
  const width = isLog.length
  const losses = new Float64Array(values.length * width)
  values.forEach((row, place) =>
    row.forEach((value, d) => {
      const loss = matrix.metric ? -(value ?? NaN) : isLog[d] ? value : Math.log(value ?? NaN)
      losses[place * width + d] = value === null ? NaN : loss!
    })
  )
  return losses
}

/** Weighted means of nats; domains of weight 0 need not be measured. */
function targetLosses(
  losses: Float64Array,
  width: number,
  weights: readonly number[]
): Float64Array {
  const counting = weights.flatMap((weight, d) => (weight > 0 ? [{ d, weight }] : []))
  const total = counting.reduce((sum, { weight }) => sum + weight, 0)
  return Float64Array.from({ length: losses.length / width }, (_, place) => {
    let sum = 0
    for (const { d, weight } of counting) sum += weight * losses[place * width + d]!
    return sum / total
  })
}

/** Where a loss would stand among the measured mixtures of its size, itself counted. */
function rankAmong(
  table: MatrixTable,
  size: number,
  column: number,
  loss: number
): SizeRank | null {
  if (Number.isNaN(loss)) return null
  const losses = table.matrix.rows.flatMap((row, place) => {
    const one = row.size === size ? table.loss(place, column) : null
    return one === null ? [] : [one]
  })
  // One that the study has already is not counted twice.
  const isThere = losses.includes(loss)
  const rank = 1 + losses.filter((one) => one < loss).length
  return { rank, of: losses.length + (isThere ? 0 : 1) }
}

/** Rank of each value among mixtures of its size. */
function sizeRanks(matrix: ShownMatrix, lossOf: (place: number) => number): (SizeRank | null)[] {
  const losses = Float64Array.from(matrix.rows, (_, place) => lossOf(place))
  const bySize = new Map<number, number[]>()
  matrix.rows.forEach(({ size }, place) => {
    if (Number.isNaN(losses[place]!)) return
    const own = bySize.get(size)
    if (own) own.push(place)
    else bySize.set(size, [place])
  })
  const ranks = matrix.rows.map((): SizeRank | null => null)
  for (const places of bySize.values()) {
    places.sort((a, b) => losses[a]! - losses[b]!)
    places.forEach((place, i) => {
      const before = places[i - 1]
      const isTie = before !== undefined && losses[before] === losses[place]
      ranks[place] = { rank: isTie ? ranks[before]!.rank : 1 + i, of: places.length }
    })
  }
  return ranks
}

/** What was chosen where it is there, else the first that is: a study need not have it. */
export function among(chosen: string, names: readonly string[]): string {
  return names.includes(chosen) ? chosen : (names[0] ?? chosen)
}
