/** Pairs that two columns order: how many alike, of those that neither ties. */

/** Pairs of items, of those neither column ties. */
export interface Decisions {
  alike: number
  compared: number
}

/**
 * Counts pairs that two columns order alike.
 *
 * @param isCompared which pairs of places are asked about
 */
export function countDecisions(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  isCompared: (a: number, b: number) => boolean
): Decisions {
  const decisions = { alike: 0, compared: 0 }
  for (let a = 0; a < x.length; a++) {
    for (let b = 0; b < a; b++) {
      if (!isCompared(a, b)) continue
      const sign = Math.sign(x[a]! - x[b]!) * Math.sign(y[a]! - y[b]!)
      if (sign !== 0) decisions.compared++
      if (sign > 0) decisions.alike++
    }
  }
  return decisions
}
