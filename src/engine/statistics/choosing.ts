/**
 * What choosing by one number costs when another is the truth. Lower is better of both. As in
 * `pairs.ts` every item carries a count, so that one preparation serves every resample.
 */

/** Where one statistic stands in what {@link ChoiceWorkspace.measure} writes. */
export const CHOICE_STATISTICS = [
  'accuracy',
  'topQuarter',
  'regret',
  'regretShare',
  'slope',
  'offset'
] as const
export type ChoiceStatistic = (typeof CHOICE_STATISTICS)[number]

export interface ChoiceWorkspace {
  /**
   * Writes the statistics of the counted items; NaN where one is not defined.
   *
   * @param counts how often each item counts, read from `offset` on; null: once each
   * @param out receives as many numbers as there are {@link CHOICE_STATISTICS}
   */
  measure(counts: Uint16Array | null, offset: number, out: Float64Array): void
  /**
   * Writes how often each item counts in the quarter of its group, rounded up, that x puts first;
   * what is not in it has 0.
   */
  keepTopQuarter(counts: Uint16Array | null, offset: number, out: Uint16Array): void
}

/** One group, its items in the order of each number. */
interface Group {
  byX: Int32Array
  byY: Int32Array
  /** Pairs that neither number ties: items, and 1 where both order them alike. */
  first: Int32Array
  second: Int32Array
  isAlike: Uint8Array
}

/**
 * Prepares items in groups for many measurements; only items of one group are compared.
 *
 * - `accuracy`: share of pairs, of those that neither number ties, that x orders as y does.
 * - `topQuarter`: share of the best quarter by y, rounded up, that is among the best quarter by x.
 * - `regret`: y of the item that x puts first less the least y; where x ties, their mean.
 * - `regretShare`: the same as a share of what there is to lose, the largest y less the least.
 * - `slope`: of the least-squares line of y on x, both less their group's mean.
 * - `offset`: mean of y less x.
 *
 * All but the last two are means over groups, by the items they hold; groups of one are left out.
 *
 * @see DataDecide, arXiv 2504.11393, for decision accuracy
 */
export function choiceWorkspace(
  x: Float64Array,
  y: Float64Array,
  groups: Int32Array
): ChoiceWorkspace {
  const members: number[][] = []
  groups.forEach((group, item) => (members[group] ??= []).push(item))
  const prepared = members.map((items) => prepareGroup(items, x, y))
  const once = new Uint16Array(groups.length).fill(1)
  const taken = new Int32Array(groups.length)

  /** The best `wanted` of an order, an item as often as it counts. */
  function take(
    order: Int32Array,
    counts: Uint16Array,
    offset: number,
    wanted: number,
    each: (item: number, count: number) => void
  ): void {
    let left = wanted
    for (let k = 0; k < order.length && left > 0; k++) {
      const item = order[k]!
      const count = Math.min(left, counts[offset + item]!)
      left -= count
      each(item, count)
    }
  }

  function overlap({ byX, byY }: Group, counts: Uint16Array, offset: number, size: number): number {
    const wanted = Math.ceil(size / 4)
    taken.fill(0)
    take(byX, counts, offset, wanted, (item, count) => (taken[item] = count))
    let shared = 0
    take(byY, counts, offset, wanted, (item, count) => {
      shared += Math.min(count, taken[item]!)
    })
    return shared / wanted
  }

  /** Truth of what x puts first, and the least and the largest truth. */
  function truths({ byX, byY }: Group, counts: Uint16Array, offset: number) {
    const isThere = (item: number) => counts[offset + item]! > 0
    const best = x[byX.find(isThere)!]!
    let sum = 0
    let tied = 0
    for (const item of byX) {
      if (x[item]! > best) break
      sum += counts[offset + item]! * y[item]!
      tied += counts[offset + item]!
    }
    return {
      chosen: sum / tied,
      least: y[byY.find(isThere)!]!,
      most: y[byY.findLast(isThere)!]!
    }
  }

  function measure(counted: Uint16Array | null, start: number, out: Float64Array): void {
    const counts = counted ?? once
    const offset = counted ? start : 0
    let [alike, compared, weight, top, regret, share, spread] = [0, 0, 0, 0, 0, 0, 0]
    let [xx, xy, gap, all] = [0, 0, 0, 0]
    for (const group of prepared) {
      const { byX, first, second, isAlike } = group
      let [size, sumX, sumY, sumXX, sumXY] = [0, 0, 0, 0, 0]
      for (const item of byX) {
        const count = counts[offset + item]!
        size += count
        sumX += count * x[item]!
        sumY += count * y[item]!
        sumXX += count * x[item]! * x[item]!
        sumXY += count * x[item]! * y[item]!
      }
      if (size < 2) continue
      for (let pair = 0; pair < first.length; pair++) {
        const both = counts[offset + first[pair]!]! * counts[offset + second[pair]!]!
        compared += both
        if (isAlike[pair] === 1) alike += both
      }
      const { chosen, least, most } = truths(group, counts, offset)
      weight += size
      top += size * overlap(group, counts, offset, size)
      regret += size * (chosen - least)
      if (most > least) {
        share += (size * (chosen - least)) / (most - least)
        spread += size
      }
      xx += sumXX - (sumX * sumX) / size
      xy += sumXY - (sumX * sumY) / size
      gap += sumY - sumX
      all += size
    }
    out[0] = alike / compared
    out[1] = top / weight
    out[2] = regret / weight
    out[3] = share / spread
    out[4] = xx > 1e-12 * all ? xy / xx : NaN
    out[5] = gap / all
  }

  function keepTopQuarter(counted: Uint16Array | null, start: number, out: Uint16Array): void {
    const counts = counted ?? once
    const offset = counted ? start : 0
    out.fill(0)
    for (const { byX } of prepared) {
      const size = byX.reduce((sum, item) => sum + counts[offset + item]!, 0)
      take(byX, counts, offset, Math.ceil(size / 4), (item, count) => (out[item] = count))
    }
  }

  return { measure, keepTopQuarter }
}

function prepareGroup(items: readonly number[], x: Float64Array, y: Float64Array): Group {
  const orderBy = (values: Float64Array) =>
    Int32Array.from([...items].sort((a, b) => values[a]! - values[b]! || a - b))
  const pairs = items.flatMap((a, i) =>
    items.slice(0, i).flatMap((b) => {
      const sign = Math.sign(x[a]! - x[b]!) * Math.sign(y[a]! - y[b]!)
      return sign === 0 ? [] : [{ a, b, isAlike: sign > 0 ? 1 : 0 }]
    })
  )
  return {
    byX: orderBy(x),
    byY: orderBy(y),
    first: Int32Array.from(pairs, ({ a }) => a),
    second: Int32Array.from(pairs, ({ b }) => b),
    isAlike: Uint8Array.from(pairs, ({ isAlike }) => isAlike)
  }
}
