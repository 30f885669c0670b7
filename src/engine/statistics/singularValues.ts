/** Singular values of small matrices: what least squares without a full rank are read off. */

/** A matrix as Σ valueₖ · leftₖ rightₖᵀ, in no order of k; one entry per row or column, the fewer. */
export interface Decomposition {
  left: Float64Array[]
  values: Float64Array
  right: Float64Array[]
}

/** Products this far below the columns' lengths are rounding. */
const ROUNDING = 1e-15
const MOST_SWEEPS = 60

/** Sum of products. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

/**
 * Decomposes a matrix by one-sided Jacobi rotations: columns are turned pair by pair until all are
 * at right angles, and their lengths are the singular values.
 *
 * Small values are found as exactly as large ones, and no product of the matrix with itself is
 * formed, which would lose half of the digits. Costs rows · columns² per sweep, of which there are
 * fewer than ten.
 *
 * @param rows the matrix, at least one row
 * @returns `left` vectors of a value 0 are 0, not unit vectors
 * @see Golub & Van Loan, Matrix Computations, 8.6.3; scipy.linalg.svd
 */
export function decompose(rows: Float64Array[]): Decomposition {
  const width = rows[0]!.length
  if (width > rows.length) {
    const { left, values, right } = orthogonalise(rows)
    return { left: right, values, right: left }
  }
  return orthogonalise(
    Array.from({ length: width }, (_, j) => Float64Array.from(rows, (row) => row[j]!))
  )
}

function orthogonalise(given: Float64Array[]): Decomposition {
  const columns = given.map((column) => column.slice())
  const turns = given.map((_, j) => Float64Array.from(given, (_, k) => (j === k ? 1 : 0)))
  const negligible = ROUNDING ** 2 * columns.reduce((sum, column) => sum + dot(column, column), 0)
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let turned = false
    for (let p = 0; p < columns.length; p++) {
      for (let q = p + 1; q < columns.length; q++) {
        const a = dot(columns[p]!, columns[p]!)
        const b = dot(columns[q]!, columns[q]!)
        const between = dot(columns[p]!, columns[q]!)
        if (Math.abs(between) <= Math.max(ROUNDING * Math.sqrt(a * b), negligible)) continue
        turned = true
        const zeta = (b - a) / (2 * between)
        const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta))
        turn(columns[p]!, columns[q]!, tangent)
        turn(turns[p]!, turns[q]!, tangent)
      }
    }
    if (!turned) break
  }
  const values = Float64Array.from(columns, (column) => Math.sqrt(dot(column, column)))
  const left = columns.map((column, k) => column.map((x) => (values[k]! > 0 ? x / values[k]! : 0)))
  return { left, values, right: turns }
}

function turn(first: Float64Array, second: Float64Array, tangent: number): void {
  const cosine = 1 / Math.hypot(1, tangent)
  const sine = cosine * tangent
  for (let i = 0; i < first.length; i++) {
    const x = first[i]!
    const y = second[i]!
    first[i] = cosine * x - sine * y
    second[i] = sine * x + cosine * y
  }
}
