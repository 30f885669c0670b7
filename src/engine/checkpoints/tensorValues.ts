/** What the values of a tensor are like, in one pass and whatever its size. */
import type { TensorValues } from '#shared/modelInspection'

/** Intervals of a histogram on each side of zero. */
const HALF = 64
/** Width that a histogram begins with; the least that float32 can tell apart. */
const LEAST_WIDTH = 2 ** -149

/**
 * Gathers values block by block.
 *
 * Mean and spread are joined block to block by their deviations (Chan et al.), which loses nothing
 * where a mean is far from zero. The histogram doubles the width of its intervals whenever a value
 * lies outside: since they are multiples of a power of two, that only joins neighbours, and the
 * result does not depend on the order of values.
 *
 * @see Chan, Golub, LeVeque 1979, Updating formulae and a pairwise algorithm for sample variances
 */
export class ValueGatherer {
  #count = 0
  #mean = 0
  #squares = 0
  #min = Infinity
  #max = -Infinity
  #zeros = 0
  #nans = 0
  #infinities = 0
  #width = LEAST_WIDTH
  #counts = new Float64Array(2 * HALF)

  add(values: Float32Array): void {
    // Plain loops over locals: models have billions of values.
    let [sum, count, min, max, infinities] = [0, 0, Infinity, -Infinity, 0]
    for (let index = 0; index < values.length; index++) {
      const value = values[index]!
      // NaN less itself is NaN, and so is infinity.
      if (value - value !== 0) {
        if (value === value) infinities++
        continue
      }
      if (value < min) min = value
      if (value > max) max = value
      sum += value
      count++
    }
    this.#infinities += infinities
    this.#nans += values.length - count - infinities
    if (count === 0) return
    this.#min = Math.min(this.#min, min)
    this.#max = Math.max(this.#max, max)
    const largest = Math.max(-min, max)
    while (largest >= HALF * this.#width) this.#widen()
    this.#join(values, sum / count, count)
  }

  /** What was gathered. */
  get values(): TensorValues {
    const has = this.#count > 0
    const first = this.#counts.findIndex((count) => count > 0)
    const last = this.#counts.findLastIndex((count) => count > 0)
    return {
      // Which of two zeros comes first must not tell: 0 is added, which makes -0 of neither.
      min: has ? this.#min + 0 : null,
      max: has ? this.#max + 0 : null,
      mean: has ? this.#mean : null,
      standardDeviation: has ? Math.sqrt(this.#squares / this.#count) : null,
      zeros: this.#zeros,
      nans: this.#nans,
      infinities: this.#infinities,
      histogram: {
        from: has ? (first - HALF) * this.#width : 0,
        width: this.#width,
        counts: has ? [...this.#counts.subarray(first, last + 1)] : []
      }
    }
  }

  #join(values: Float32Array, mean: number, count: number): void {
    let [squares, zeros] = [0, 0]
    const perWidth = 1 / this.#width
    const counts = this.#counts
    for (let index = 0; index < values.length; index++) {
      const value = values[index]!
      if (value - value !== 0) continue
      squares += (value - mean) * (value - mean)
      if (value === 0) zeros++
      counts[Math.floor(value * perWidth) + HALF]!++
    }
    this.#zeros += zeros
    const apart = mean - this.#mean
    const total = this.#count + count
    this.#squares += squares + (apart * apart * this.#count * count) / total
    this.#mean += (apart * count) / total
    this.#count = total
  }

  /** Doubles the width of intervals: each takes in its neighbour, counted from zero. */
  #widen(): void {
    const wide = new Float64Array(2 * HALF)
    this.#counts.forEach((count, index) => {
      wide[Math.floor((index - HALF) / 2) + HALF]! += count
    })
    this.#counts = wide
    this.#width *= 2
  }
}
