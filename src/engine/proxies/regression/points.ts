/** What regressions are fitted on. */

/** A mixture whose loss is known. */
export interface RegressionPoint {
  /** Share of each member, 0 … 1, in one order for all points; they sum to 1. */
  shares: Float64Array
  /** Nats per token on one domain. */
  loss: number
}

/** A loss read off a composition, in nats per token. */
export type Prediction = (shares: Float64Array) => number

/** Points in one order whatever order they came in, so that no sum depends on it. */
export function inOrder(points: RegressionPoint[]): RegressionPoint[] {
  return [...points].sort((a, b) => {
    const place = a.shares.findIndex((share, j) => share !== b.shares[j])
    return place < 0 ? a.loss - b.loss : a.shares[place]! - b.shares[place]!
  })
}

/** Places of the shares that are the same at all points: about them nothing can be learnt. */
export function constantColumns(points: RegressionPoint[]): number[] {
  const first = points[0]!.shares
  return [...first.keys()].filter((j) => points.every(({ shares }) => shares[j] === first[j]))
}
