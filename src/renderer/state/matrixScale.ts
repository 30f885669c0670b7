/** What the shades of the matrix go around, and how far they reach. Pure. */
import type { Matrix } from '#shared/evidenceView'

/** Nats per token of a place in a column, the target among them; NaN where it is not measured. */
export type Losses = (place: number, column: number) => number

export interface MatrixScale {
  /** Mean of what is measured of a size in a column, nats/token; NaN for fewer than two. */
  mean(size: number, column: number): number
  /** What has no shade in a column, for mixtures of a size: nats/token; NaN: there is nothing. */
  zero(size: number, column: number): number
  /** Furthest from its zero that a value of a column is, or one of any column: nats/token. */
  most(column: number, overAll: boolean): number
}

/** How a scale is made: around the seed's losses or the middle of a column, or by size. */
interface ScaleChoice {
  columns: readonly number[]
  seed: ((column: number) => number) | null
  isBySize: boolean
}

/** The scale of a column's values, and the one that holds for all columns. */
export function matrixScale(matrix: Matrix, losses: Losses, choice: ScaleChoice): MatrixScale {
  const { columns, seed, isBySize } = choice
  const mean = sizeMeans(matrix, losses)
  const centres = new Map(
    columns.map((column) => [column, seed ? seed(column) : middleOf(matrix, losses, column)])
  )
  const zero = isBySize ? mean : (_: number, column: number) => centres.get(column)!
  const reaches = new Map(columns.map((column) => [column, reachOf(matrix, losses, column, zero)]))
  const widest = Math.max(0, ...reaches.values())
  return {
    mean,
    zero,
    most: (column, overAll) => (overAll ? widest : reaches.get(column)!) || 1
  }
}

/**
 * Means of a column by size, counted when a column is first asked for. A mixture alone in its size
 * is not its own mean: there is nothing that it differs from.
 */
export function sizeMeans(matrix: Matrix, losses: Losses): MatrixScale['mean'] {
  const columns = new Map<number, Map<number, { sum: number; count: number }>>()
  return (size, column) => {
    let means = columns.get(column)
    if (!means) {
      means = new Map()
      for (let place = 0; place < matrix.rows.length; place++) {
        const loss = losses(place, column)
        if (Number.isNaN(loss)) continue
        const own = means.get(matrix.rows[place]!.size)
        if (own) {
          own.sum += loss
          own.count++
        } else means.set(matrix.rows[place]!.size, { sum: loss, count: 1 })
      }
      columns.set(column, means)
    }
    const own = means.get(size)
    return own && own.count > 1 ? own.sum / own.count : NaN
  }
}

/** The middle value of a column. */
function middleOf(matrix: Matrix, losses: Losses, column: number): number {
  const measured = [...matrix.rows.keys()]
    .map((place) => losses(place, column))
    .filter((loss) => !Number.isNaN(loss))
    .sort((a, b) => a - b)
  return measured[Math.floor(measured.length / 2)] ?? NaN
}

/** Furthest that a value of a column is from its zero. */
function reachOf(
  matrix: Matrix,
  losses: Losses,
  column: number,
  zero: MatrixScale['zero']
): number {
  let reach = 0
  for (let place = 0; place < matrix.rows.length; place++) {
    const far = Math.abs(losses(place, column) - zero(matrix.rows[place]!.size, column))
    if (far > reach) reach = far
  }
  return reach
}
