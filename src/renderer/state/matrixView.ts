/** What the matrix shows of its numbers: one kind of value, as a value, a change or a rank. Pure. */
import type { Matrix } from '#shared/contract'

/** What a column holds; proxy and sequential values are never mixed in one. */
export type Measure = 'value' | 'change' | 'rank'

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
  readonly matrix: Matrix
  readonly choice: MatrixChoice
  /** False where no seed was measured: shades then go around the middle of a column. */
  readonly hasSeed: boolean
  /** Nats per token, whatever is shown. */
  loss(place: number, column: number): number | null
  /** What a cell shows; null: not measured. */
  cell(place: number, column: number): number | null
  /** Change against the seed, nats per token. */
  change(place: number, column: number): number | null
  rank(place: number, column: number): SizeRank | null
  /** From −1, best, over 0, the seed (of ranks: the middle), to 1, worst. */
  shade(place: number, column: number, overAll: boolean): number | null
  /** The same of the other kind: sequential beside a proxy, the first proxy beside sequential. */
  otherShade(place: number, column: number, overAll: boolean): number | null
  otherValue(place: number, column: number): number | null
  isTrained(place: number): boolean
  isMeasured(place: number): boolean
  /** Largest change in a column, or over all, that the shades reach to: nats per token. */
  most(column: number, overAll: boolean): number
}

/** Name of what stands beside the chosen kind as a second mark. */
export function otherSource(matrix: Matrix, source: string): string | null {
  if (source !== 'sequential') return 'sequential'
  return matrix.proxies[0]?.name ?? null
}

/** Unit of a column's values. */
export function unitOf(matrix: Matrix, column: number, measure: Measure): string {
  if (measure === 'rank') return 'rank within its size'
  const isLog = column === TARGET || matrix.domains[column]!.name.endsWith('-log')
  return measure === 'change' || isLog ? 'nats/token' : 'perplexity'
}

/** Reads a matrix by a choice. Ranks of a column are counted when they are first asked for. */
export function matrixTable(matrix: Matrix, choice: MatrixChoice): MatrixTable {
  const own = lossesOf(matrix, choice.source, choice)
  const otherName = otherSource(matrix, choice.source)
  const other = otherName === null ? null : lossesOf(matrix, otherName, choice)
  const seed = rowLosses(matrix, matrix.seed, choice.weights)
  const truths = matrix.sequential.find((one) => one.budget === choice.budget)?.values
  const width = matrix.domains.length + 1
  const at = (column: number) => (column === TARGET ? width - 1 : column)
  const orNull = (value: number) => (Number.isNaN(value) ? null : value)
  const changeOf = (losses: Float64Array | null, place: number, column: number) =>
    losses ? losses[place * width + at(column)]! - seed[at(column)]! : NaN
  const hasSeed = matrix.seed.some((value) => value !== null)
  const centre = hasSeed ? seed : middles(own, width)
  const most = mostOf(own, centre, width)
  const fromCentre = (losses: Float64Array | null, place: number, column: number) =>
    losses ? losses[place * width + at(column)]! - centre[at(column)]! : NaN
  const ranks = new Map<number, (SizeRank | null)[]>()
  const rank = (place: number, column: number) => {
    let found = ranks.get(column)
    if (!found) ranks.set(column, (found = sizeRanks(matrix, own, at(column), width)))
    return found[place] ?? null
  }
  const reach = (column: number, overAll: boolean) =>
    overAll ? Math.max(0, ...most) : most[at(column)]!
  const shadeOf = (change: number, column: number, overAll: boolean) =>
    orNull(Math.max(-1, Math.min(1, change / (reach(column, overAll) || 1))))
  /** A perplexity, or nats where the column is in nats. */
  const valueOf = (losses: Float64Array | null, place: number, column: number) => {
    const nats = losses ? losses[place * width + at(column)]! : NaN
    const isLog = unitOf(matrix, column, 'value') === 'nats/token'
    return orNull(isLog ? nats : Math.exp(nats))
  }
  return {
    matrix,
    choice,
    hasSeed,
    loss: (place, column) => orNull(own[place * width + at(column)]!),
    rank,
    cell: (place, column) => {
      if (choice.measure === 'rank') return rank(place, column)?.rank ?? null
      if (choice.measure === 'change') return orNull(changeOf(own, place, column))
      return column === TARGET
        ? valueOf(own, place, column)
        : (tableOf(matrix, choice.source, choice)?.[place]?.[column] ?? null)
    },
    change: (place, column) => orNull(changeOf(own, place, column)),
    shade: (place, column, overAll) => {
      if (choice.measure !== 'rank') return shadeOf(fromCentre(own, place, column), column, overAll)
      const found = rank(place, column)
      return found && found.of > 1 ? (2 * (found.rank - 1)) / (found.of - 1) - 1 : found && 0
    },
    otherShade: (place, column, overAll) =>
      shadeOf(fromCentre(other, place, column), column, overAll),
    otherValue: (place, column) => valueOf(other, place, column),
    isTrained: (place) => truths?.[place]?.some((value) => value !== null) ?? false,
    isMeasured: (place) =>
      tableOf(matrix, choice.source, choice)?.[place]?.some((value) => value !== null) ?? false,
    most: reach
  }
}

function tableOf(matrix: Matrix, source: string, { budget }: MatrixChoice) {
  return source === 'sequential'
    ? matrix.sequential.find((one) => one.budget === budget)?.values
    : matrix.proxies.find((one) => one.name === source)?.values
}

/** Nats per token by row and column, the target last; NaN where something is not measured. */
function lossesOf(matrix: Matrix, source: string, choice: MatrixChoice): Float64Array {
  const width = matrix.domains.length + 1
  const losses = new Float64Array(matrix.rows.length * width).fill(NaN)
  tableOf(matrix, source, choice)?.forEach((row, place) =>
    losses.set(rowLosses(matrix, row, choice.weights), place * width)
  )
  return losses
}

/** A mean of logs is in nats already; everything else is a perplexity. */
function rowLosses(
  matrix: Matrix,
  row: readonly (number | null)[],
  weights: readonly number[] | null
): Float64Array {
  const losses = new Float64Array(row.length + 1)
  row.forEach((value, d) => {
    const isLog = matrix.domains[d]!.name.endsWith('-log')
    losses[d] = value === null ? NaN : isLog ? value : Math.log(value)
  })
  losses[row.length] = weights ? weightedMean(losses, weights) : NaN
  return losses
}

/** Domains of weight 0 need not be measured. */
function weightedMean(losses: Float64Array, weights: readonly number[]): number {
  let sum = 0
  let total = 0
  weights.forEach((weight, d) => {
    if (weight <= 0) return
    sum += weight * losses[d]!
    total += weight
  })
  return sum / total
}

/** The middle value of each column. */
function middles(losses: Float64Array, width: number): Float64Array {
  return Float64Array.from({ length: width }, (_, column) => {
    const own = losses.filter((loss, i) => i % width === column && !Number.isNaN(loss)).sort()
    return own[Math.floor(own.length / 2)] ?? NaN
  })
}

function mostOf(losses: Float64Array, seed: Float64Array, width: number): number[] {
  const most = new Array<number>(width).fill(0)
  losses.forEach((loss, i) => {
    const change = Math.abs(loss - seed[i % width]!)
    if (change > most[i % width]!) most[i % width] = change
  })
  return most
}

/** Rank of each value of a column among mixtures of its size. */
function sizeRanks(matrix: Matrix, losses: Float64Array, column: number, width: number) {
  const sizes = matrix.rows.map(({ size }) => size)
  const value = (place: number) => losses[place * width + column]!
  const sorted = [...sizes.keys()]
    .filter((place) => !Number.isNaN(value(place)))
    .sort((a, b) => sizes[a]! - sizes[b]! || value(a) - value(b))
  const measured = new Map<number, number>()
  for (const place of sorted) {
    measured.set(sizes[place]!, (measured.get(sizes[place]!) ?? 0) + 1)
  }
  const ranks = sizes.map((): SizeRank | null => null)
  let begin = 0
  sorted.forEach((place, i) => {
    const before = sorted[i - 1]
    if (before === undefined || sizes[before] !== sizes[place]) begin = i
    const isTie = i > begin && value(before!) === value(place)
    const rank = isTie ? ranks[before!]!.rank : 1 + i - begin
    ranks[place] = { rank, of: measured.get(sizes[place]!)! }
  })
  return ranks
}

/** What was chosen where it is there, else the first that is: a study need not have it. */
export function among(chosen: string, names: readonly string[]): string {
  return names.includes(chosen) ? chosen : (names[0] ?? chosen)
}
