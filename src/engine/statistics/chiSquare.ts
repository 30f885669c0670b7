/** The χ² distribution, for intervals of variances; held to SciPy's numbers. */

const CLOSE = 1e-15

/**
 * Value below which a χ² variable lies with a probability.
 *
 * @param p probability, above 0 and below 1
 * @param degrees of freedom, a whole number from 1 on
 */
export function chiSquareQuantile(p: number, degrees: number): number {
  // The mean is k and the variance 2k: doubling soon leaves any tail behind.
  let high = Math.max(1, degrees)
  while (lowerGamma(degrees, high) < p) high *= 2
  let low = 0
  while (high - low > CLOSE * high) {
    const middle = (low + high) / 2
    if (middle === low || middle === high) break
    if (lowerGamma(degrees, middle) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/**
 * P(χ² ≤ x): the regularised lower incomplete gamma function at (degrees / 2, x / 2).
 *
 * @see Abramowitz & Stegun 6.5.29: a series in which all terms are positive, so that nothing cancels
 */
function lowerGamma(degrees: number, x: number): number {
  const a = degrees / 2
  const half = x / 2
  let term = 1 / a
  let sum = term
  for (let n = 1; term > sum * CLOSE && n < 100_000; n++) {
    term *= half / (a + n)
    sum += term
  }
  return Math.min(1, Math.exp(a * Math.log(half) - half - logGammaOfHalves(degrees)) * sum)
}

/** ln Γ(halves / 2) by recurrence from Γ(1/2) = √π and Γ(1) = 1. */
function logGammaOfHalves(halves: number): number {
  let value = halves % 2 === 1 ? Math.log(Math.PI) / 2 : 0
  for (let a = halves % 2 === 1 ? 0.5 : 1; a < halves / 2; a++) value += Math.log(a)
  return value
}
