/** Correlation of two columns of numbers, with p-values; SciPy's definitions and defaults. */
import { correlationP, kendallExactP, normalTwoSided } from './distributions'

/** A correlation with its two-sided p-value under independent pairs. */
export interface Correlation {
  value: number
  p: number
}

/** Ranks from 1, ties sharing the mean of their ranks. */
export function midRanks(values: ArrayLike<number>): Float64Array {
  const n = values.length
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => values[a]! - values[b]!)
  const ranks = new Float64Array(n)
  for (let from = 0; from < n;) {
    let to = from + 1
    while (to < n && values[order[to]!] === values[order[from]!]) to++
    for (let k = from; k < to; k++) ranks[order[k]!] = (from + 1 + to) / 2
    from = to
  }
  return ranks
}

/** Whether a correlation of these columns is a number at all. */
function canCorrelate(x: ArrayLike<number>, y: ArrayLike<number>): boolean {
  if (x.length !== y.length) {
    throw new Error(`columns of unequal length: ${String(x.length)} and ${String(y.length)}`)
  }
  return x.length >= 3 && varies(x) && varies(y)
}

function varies(values: ArrayLike<number>): boolean {
  let different = false
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) return false
    if (values[i] !== values[0]) different = true
  }
  return different
}

function mean(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]!
  return sum / values.length
}

/**
 * Pearson's r, with p by Student's t.
 *
 * @returns null where it is not defined: fewer than 3 pairs, a constant column, a value not finite
 * @see scipy.stats.pearsonr
 */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): Correlation | null {
  if (!canCorrelate(x, y)) return null
  const meanX = mean(x)
  const meanY = mean(y)
  let xx = 0
  let yy = 0
  let xy = 0
  for (let i = 0; i < x.length; i++) {
    const dx = x[i]! - meanX
    const dy = y[i]! - meanY
    xx += dx * dx
    yy += dy * dy
    xy += dx * dy
  }
  const value = Math.max(-1, Math.min(1, xy / Math.sqrt(xx) / Math.sqrt(yy)))
  return { value, p: correlationP(value, x.length) }
}

/**
 * Spearman's ρ: Pearson's r of mid-ranks, with p by Student's t.
 *
 * @returns null where it is not defined, as for {@link pearson}
 * @see scipy.stats.spearmanr
 */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): Correlation | null {
  return canCorrelate(x, y) ? pearson(midRanks(x), midRanks(y)) : null
}

/** Tied pairs of a column, with the two sums that its variance under ties needs. */
function tieSums(values: ArrayLike<number>): { pairs: number; triples: number; spread: number } {
  const counts = new Map<number, number>()
  for (let i = 0; i < values.length; i++) {
    counts.set(values[i]!, (counts.get(values[i]!) ?? 0) + 1)
  }
  const sums = { pairs: 0, triples: 0, spread: 0 }
  for (const t of counts.values()) {
    sums.pairs += (t * (t - 1)) / 2
    sums.triples += t * (t - 1) * (t - 2)
    sums.spread += t * (t - 1) * (2 * t + 5)
  }
  return sums
}

/**
 * Kendall's τ-b.
 *
 * The p-value is exact without ties up to 33 pairs (or with at most one discordant or concordant
 * pair), else normal with the variance corrected for ties: SciPy's `method='auto'`.
 *
 * @returns null where it is not defined, as for {@link pearson}
 * @see scipy.stats.kendalltau
 */
export function kendallTauB(x: ArrayLike<number>, y: ArrayLike<number>): Correlation | null {
  if (!canCorrelate(x, y)) return null
  const n = x.length
  let excess = 0
  let discordant = 0
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const sign = Math.sign(x[i]! - x[j]!) * Math.sign(y[i]! - y[j]!)
      excess += sign
      if (sign < 0) discordant++
    }
  }
  const total = (n * (n - 1)) / 2
  const tiesX = tieSums(x)
  const tiesY = tieSums(y)
  const ratio = excess / Math.sqrt(total - tiesX.pairs) / Math.sqrt(total - tiesY.pairs)
  const value = Math.max(-1, Math.min(1, ratio))
  const hasTies = tiesX.pairs + tiesY.pairs > 0
  if (!hasTies && (n <= 33 || Math.min(discordant, total - discordant) <= 1)) {
    return { value, p: kendallExactP(discordant, n) }
  }
  const variance =
    (2 * total * (2 * n + 5) - tiesX.spread - tiesY.spread) / 18 +
    (2 * tiesX.pairs * tiesY.pairs) / (2 * total) +
    (tiesX.triples * tiesY.triples) / (9 * 2 * total * (n - 2))
  return { value, p: normalTwoSided(excess / Math.sqrt(variance)) }
}
