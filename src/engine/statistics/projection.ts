/** What columns leave unsaid: least squares without their coefficients. */
import { decompose, dot } from './singularValues'

/** Singular values below this part of the largest count as 0, as in the regressions on shares. */
const FLAT = 1e-9

/** What is left of values when all that columns can say of them is taken away. */
export interface Projection {
  /** Independent columns. */
  rank: number
  /** Residuals of a least-squares fit of values on the columns. */
  off(values: Float64Array): Float64Array
}

/**
 * Prepares least-squares fits on columns, which need not be independent.
 *
 * @param columns at least one; all of one length, at least 1
 * @see numpy.linalg.lstsq
 */
export function projectionOff(columns: Float64Array[]): Projection {
  const rows = Array.from(columns[0]!, (_, i) => Float64Array.from(columns, (column) => column[i]!))
  const { left, values } = decompose(rows)
  const widest = values.reduce((most, value) => Math.max(most, value), 0)
  const directions = left.filter((_, k) => values[k]! > FLAT * widest)
  return {
    rank: directions.length,
    off: (given) => {
      const rest = given.slice()
      for (const direction of directions) {
        const along = dot(direction, given)
        for (let i = 0; i < rest.length; i++) rest[i]! -= along * direction[i]!
      }
      return rest
    }
  }
}
