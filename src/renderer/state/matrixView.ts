/** What the matrix shows of its numbers: one kind of value, in an order, some of the rows. Pure. */
import type { Matrix } from '#shared/contract'

/** What a column holds; proxy and sequential values are never mixed in one. */
export type Measure = 'value' | 'change' | 'rank'

export interface MatrixChoice {
  /** A proxy's name, or `sequential`. */
  source: string
  /** Truth budget of sequential values. */
  budget: string
  measure: Measure
  /** Column that orders the rows; null: by size, then name. */
  sortBy: number | null
  /** Rows must hold all of these members. */
  holding: readonly string[]
}

export interface MatrixRow {
  /** Place in the matrix. */
  place: number
  mixture: string
  size: number
  shares: number[]
  /** What each cell shows; null: not measured. */
  cells: (number | null)[]
  /** Change against the seed in nats per token, which decides the shade. */
  changes: (number | null)[]
  isTrained: boolean
}

/** A mean of logs is in nats already; everything else is a perplexity. */
function nats(value: number, domain: string): number {
  return domain.endsWith('-log') ? value : Math.log(value)
}

/**
 * Rows of one kind of value, grouped by size: mixtures of different sizes are not comparable as
 * they stand, so ranks count within a size and sorting stays inside one.
 */
export function matrixRows(matrix: Matrix, choice: MatrixChoice): MatrixRow[] {
  const sequential = matrix.sequential.find((one) => one.budget === choice.budget)
  const table =
    choice.source === 'sequential'
      ? sequential?.values
      : matrix.proxies.find((one) => one.name === choice.source)?.values
  if (!table) return []
  const places = matrix.rows.flatMap((row, place) => {
    const isHolding = choice.holding.every((name) => row.shares[matrix.members.indexOf(name)]! > 0)
    return isHolding ? [place] : []
  })
  const ranks = choice.measure === 'rank' ? rankWithinSizes(matrix, table) : null
  const rows = places.map((place): MatrixRow => {
    const { mixture, size, shares } = matrix.rows[place]!
    const values = table[place]!
    const changes = values.map((value, d) => {
      const seed = matrix.seed[d] ?? null
      const { name } = matrix.domains[d]!
      return value === null || seed === null ? null : nats(value, name) - nats(seed, name)
    })
    const cells = ranks ? ranks[place]! : choice.measure === 'change' ? changes : values
    const isTrained = sequential?.values[place]!.some((value) => value !== null) ?? false
    return { place, mixture, size, shares, cells, changes, isTrained }
  })
  const { sortBy } = choice
  return rows.sort(
    (a, b) =>
      a.size - b.size ||
      (sortBy === null ? 0 : (a.cells[sortBy] ?? Infinity) - (b.cells[sortBy] ?? Infinity)) ||
      a.place - b.place
  )
}

/** Rank of each value among mixtures of its size, from 1, the lowest first, ties sharing the best. */
function rankWithinSizes(matrix: Matrix, table: (number | null)[][]): (number | null)[][] {
  const sizes = matrix.rows.map(({ size }) => size)
  const ranks = table.map((values) => values.map((): number | null => null))
  for (const d of matrix.domains.keys()) {
    const sorted = [...table.keys()]
      .filter((place) => table[place]![d] !== null)
      .sort((a, b) => sizes[a]! - sizes[b]! || table[a]![d]! - table[b]![d]!)
    let begin = 0
    sorted.forEach((place, at) => {
      const before = sorted[at - 1]
      if (before === undefined || sizes[before] !== sizes[place]) begin = at
      const isTie = at > begin && table[before!]![d] === table[place]![d]
      ranks[place]![d] = isTie ? ranks[before!]![d]! : 1 + at - begin
    })
  }
  return ranks
}

/** What was chosen where it is there, else the first that is: a study need not have it. */
export function among(chosen: string, names: readonly string[]): string {
  return names.includes(chosen) ? chosen : (names[0] ?? chosen)
}
