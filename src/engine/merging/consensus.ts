/** Sums of models' differences to a base, of all or of those that agree in sign. */

/** Models' differences to the base, and how they are summed. */
export interface Differences {
  values: readonly Float32Array[]
  weights: readonly number[]
  /** What keeps the sum of magnitudes after values were left out; goes into no divisor. */
  factors: readonly number[]
  /** Only values of the sign that has the larger sum count (TIES). */
  needsConsensus: boolean
  /** Divided by the sum of the weights that count. */
  normalize: boolean
  lambda: number
}

/**
 * Adds to the values of a base.
 *
 * Where no sign has the larger sum the positive one counts; a value of zero has no sign and takes no
 * part, neither in the sum nor in its divisor.
 *
 * @param sums of the base's values from `from` on; the result
 * @see Yadav et al. 2023, arXiv 2306.01708; Ilharco et al. 2022, arXiv 2212.04089 (task arithmetic)
 */
export function addDifferences(
  sums: Float64Array,
  from: number,
  count: number,
  differences: Differences
): void {
  const { values, weights, factors, needsConsensus, normalize, lambda } = differences
  const scales = weights.map((weight, model) => weight * factors[model]!)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const models = values.length
  for (let i = 0; i < count; i++) {
    let mixed = 0
    for (let model = 0; model < models; model++) mixed += scales[model]! * values[model]![from + i]!
    let divisor = Math.abs(total) < 1e-8 ? 1 : total
    if (needsConsensus) {
      const sign = mixed >= 0 ? 1 : -1
      mixed = 0
      divisor = 0
      for (let model = 0; model < models; model++) {
        const scaled = scales[model]! * values[model]![from + i]!
        if (scaled * sign <= 0) continue
        mixed += scaled
        divisor += weights[model]!
      }
      if (divisor === 0) divisor = 1
    }
    sums[i]! += (normalize ? mixed / divisor : mixed) * lambda
  }
}
