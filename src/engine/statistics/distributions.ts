/** Tail probabilities behind p-values and intervals; each held to SciPy's numbers. */

const TINY = 1e-300
const CLOSE = 1e-16

/** Continued fraction of the incomplete beta function, by Lentz's method. */
function betaFraction(x: number, a: number, b: number): number {
  let c = 1
  let d = 1 / guard(1 - ((a + b) * x) / (a + 1))
  let fraction = d
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / guard(1 + even * d)
    c = guard(1 + even / c)
    fraction *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / guard(1 + odd * d)
    c = guard(1 + odd / c)
    fraction *= d * c
    if (Math.abs(d * c - 1) < CLOSE) break
  }
  return fraction
}

function guard(value: number): number {
  return Math.abs(value) < TINY ? TINY : value
}

/** B(half/2, 1/2) by recurrence from B(1/2, 1/2) = π and B(1, 1/2) = 2. */
function betaOfHalves(half: number): number {
  let value = half % 2 === 1 ? Math.PI : 2
  for (let a = half % 2 === 1 ? 0.5 : 1; a < half / 2; a++) value *= a / (a + 0.5)
  return value
}

/**
 * Two-sided p of a correlation under Student's t with n − 2 degrees of freedom.
 *
 * Works from (1 − r)(1 + r), so that tiny p-values keep their digits.
 *
 * @param r the correlation, −1 … 1
 * @param n number of pairs, at least 3
 * @see Abramowitz & Stegun 26.5.8, 26.7.1: P(|T| > t) = I_x(ν/2, 1/2), x = ν / (ν + t²) = 1 − r²
 */
export function correlationP(r: number, n: number): number {
  const x = (1 - r) * (1 + r)
  if (x <= 0) return 0
  if (x >= 1) return 1
  const a = (n - 2) / 2
  const front = (Math.pow(x, a) * Math.abs(r)) / betaOfHalves(n - 2)
  const p =
    x < (a + 1) / (a + 2.5)
      ? (front * betaFraction(x, a, 0.5)) / a
      : 1 - (front * betaFraction(1 - x, 0.5, a)) / 0.5
  return Math.min(1, p)
}

/**
 * Two-sided p of a standard normal z: erfc(|z| / √2).
 *
 * A series near zero, a continued fraction in the tail.
 *
 * @see Abramowitz & Stegun 7.1.6, 7.1.14
 */
export function normalTwoSided(z: number): number {
  const x = Math.abs(z) / Math.SQRT2
  if (x < 2) {
    let term = x
    let sum = x
    for (let n = 1; term > sum * CLOSE; n++) {
      term *= (2 * x * x) / (2 * n + 1)
      sum += term
    }
    return 1 - ((2 * Math.exp(-x * x)) / Math.sqrt(Math.PI)) * sum
  }
  let fraction = x
  for (let n = 120; n >= 1; n--) fraction = x + n / 2 / fraction
  return Math.exp(-x * x) / (fraction * Math.sqrt(Math.PI))
}

/** Standard normal distribution function. */
export function normalCdf(z: number): number {
  return z < 0 ? normalTwoSided(z) / 2 : 1 - normalTwoSided(z) / 2
}

/**
 * Standard normal quantile, by bisection of {@link normalCdf} and so exactly its inverse.
 *
 * @param share strictly between 0 and 1; 0 and 1 give −∞ and ∞
 */
export function normalQuantile(share: number): number {
  if (share <= 0) return -Infinity
  if (share >= 1) return Infinity
  if (share > 0.5) return -normalQuantile(1 - share)
  let low = -40
  let high = 0
  for (let step = 0; step < 64; step++) {
    const middle = (low + high) / 2
    if (normalCdf(middle) < share) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/**
 * Exact two-sided p of Kendall's statistic without ties.
 *
 * Counts orderings by their inversions; kept as shares of all orderings, so that nothing overflows.
 *
 * @param discordant pairs in opposite order
 * @param n number of pairs of values, at least 2
 * @see Kendall 1970, Rank Correlation Methods, 4th edition, chapter 5
 */
export function kendallExactP(discordant: number, n: number): number {
  const total = (n * (n - 1)) / 2
  const few = Math.min(discordant, total - discordant)
  if (few * 2 === total) return 1
  let shares = new Float64Array(few + 1)
  shares[0] = 1
  for (let size = 2; size <= n; size++) {
    const next = new Float64Array(few + 1)
    let window = 0
    for (let inversions = 0; inversions <= few; inversions++) {
      window += shares[inversions]!
      if (inversions >= size) window -= shares[inversions - size]!
      next[inversions] = window / size
    }
    shares = next
  }
  return Math.min(1, 2 * shares.reduce((sum, share) => sum + share, 0))
}
