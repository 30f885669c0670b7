/** Non-linear least squares that a few wild points cannot pull away. */

/** What is fitted: a curve with parameters. */
export interface Curve {
  /**
   * Writes the curve's value at each point, and its derivatives: point by point, one for each
   * parameter.
   */
  evaluate(parameters: Float64Array, values: Float64Array, derivatives: Float64Array): void
}

interface RobustOptions {
  /** Residuals up to here count squared, beyond it only in proportion; in the unit of the targets. */
  delta: number
  /** Least value of each parameter, −∞ where there is none. */
  lowest: Float64Array
  /** Greatest value of each parameter, ∞ where there is none. */
  highest: Float64Array
  /** Steps after which it ends in any case; default 500. */
  mostSteps?: number
}

export interface RobustFit {
  parameters: Float64Array
  /** Half the sum of squared residuals, of the far ones less. */
  cost: number
  /** False where steps ran out before the cost stopped falling. */
  hasConverged: boolean
}

const MOST_STEPS = 500
const FIRST_DAMPING = 1e-3
/** With this much damping a step is below rounding: there is no way down. */
const MOST_DAMPING = 1e16
/** A step that lowers the cost by less than this share of it … */
const FLAT = 1e-13
/** … ends the search when as many of them follow one another. */
const FLAT_STEPS = 3

/** Half of Huber's loss over residuals; residuals' weights are written beside it. */
function huberCost(residuals: Float64Array, delta: number, weights: Float64Array): number {
  let cost = 0
  residuals.forEach((residual, i) => {
    const size = Math.abs(residual)
    weights[i] = size <= delta ? 1 : delta / size
    cost += size <= delta ? (size * size) / 2 : delta * (size - delta / 2)
  })
  return cost
}

/**
 * Solves (A + damping · diag A) x = −gradient over the free parameters by Cholesky's factors.
 *
 * @returns null where the matrix is not positive definite: more damping is needed
 */
function dampedStep(
  square: Float64Array,
  gradient: Float64Array,
  free: number[],
  damping: number
): Float64Array | null {
  const m = gradient.length
  const n = free.length
  const widest = free.reduce((most, j) => Math.max(most, square[j * m + j]!), 0)
  const factor = new Float64Array(n * n)
  const x = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = square[free[i]! * m + free[j]!]!
      // A parameter that no point depends on has a diagonal of 0, and must stay where it is.
      if (i === j) sum += damping * Math.max(sum, 1e-12 * widest)
      for (let k = 0; k < j; k++) sum -= factor[i * n + k]! * factor[j * n + k]!
      if (i > j) factor[i * n + j] = sum / factor[j * n + j]!
      else if (sum > 0) factor[i * n + i] = Math.sqrt(sum)
      else return null
    }
    let right = -gradient[free[i]!]!
    for (let k = 0; k < i; k++) right -= factor[i * n + k]! * x[k]!
    x[i] = right / factor[i * n + i]!
  }
  const step = new Float64Array(m)
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= factor[k * n + i]! * x[k]!
    x[i]! /= factor[i * n + i]!
    step[free[i]!] = x[i]!
  }
  return step
}

/** The cost of parameters, and the equations for a step from those looked at last. */
interface Equations {
  costAt(parameters: Float64Array): number
  /** Fills the two below. */
  expand(): void
  square: Float64Array
  gradient: Float64Array
}

function newEquations(curve: Curve, targets: Float64Array, m: number, delta: number): Equations {
  const n = targets.length
  const values = new Float64Array(n)
  const derivatives = new Float64Array(n * m)
  const residuals = new Float64Array(n)
  const weights = new Float64Array(n)
  const square = new Float64Array(m * m)
  const gradient = new Float64Array(m)
  const costAt = (parameters: Float64Array): number => {
    curve.evaluate(parameters, values, derivatives)
    for (let i = 0; i < n; i++) residuals[i] = values[i]! - targets[i]!
    return huberCost(residuals, delta, weights)
  }
  const expand = () => {
    square.fill(0)
    gradient.fill(0)
    for (let i = 0; i < n; i++) {
      const row = i * m
      for (let j = 0; j < m; j++) {
        const weighted = weights[i]! * derivatives[row + j]!
        if (weighted === 0) continue
        gradient[j]! += weighted * residuals[i]!
        for (let k = 0; k <= j; k++) square[j * m + k]! += weighted * derivatives[row + k]!
      }
    }
  }
  return { costAt, expand, square, gradient }
}

/**
 * Finds the parameters with the lowest Huber loss near a start, by Levenberg and Marquardt's damped
 * steps on residuals weighted by how far they lie out.
 *
 * A parameter at a limit stays there while the cost falls only beyond it. Nothing is drawn
 * at random: the same start gives the same answer.
 *
 * @param targets what the curve should pass through
 * @see scipy.optimize.least_squares(loss='huber'), which finds the same minima
 */
export function fitRobustly(
  curve: Curve,
  targets: Float64Array,
  start: Float64Array,
  { delta, lowest, highest, mostSteps = MOST_STEPS }: RobustOptions
): RobustFit {
  const { costAt, expand, square, gradient } = newEquations(curve, targets, start.length, delta)
  const within = (value: number, j: number) => Math.min(Math.max(value, lowest[j]!), highest[j]!)
  let parameters = start.map(within)
  let cost = costAt(parameters)
  let damping = FIRST_DAMPING
  let flat = 0
  for (let taken = 0; taken < mostSteps; taken++) {
    expand()
    const free = [...gradient.keys()].filter((j) => parameters[j]! > lowest[j]! || gradient[j]! < 0)
    let next = Infinity
    let trial = parameters
    for (; damping <= MOST_DAMPING; damping *= 10) {
      const step = dampedStep(square, gradient, free, damping)
      if (!step) continue
      trial = parameters.map((value, j) => within(value + step[j]!, j))
      next = costAt(trial)
      if (next < cost) break
    }
    if (!(next < cost)) return { parameters, cost, hasConverged: true }
    flat = cost - next <= FLAT * cost ? flat + 1 : 0
    parameters = trial
    cost = next
    damping = Math.max(damping / 10, 1e-12)
    if (flat >= FLAT_STEPS) return { parameters, cost, hasConverged: true }
  }
  return { parameters, cost, hasConverged: false }
}
