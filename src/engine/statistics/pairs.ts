/**
 * Correlations of many reweightings of the same pairs: the inner loop of bootstrap, jackknife,
 * leaving out and relabelling. Every pair carries a count, so one sorted order serves them all.
 */

/** Pairs in groups within which they may be compared; group numbers run from 0 without gaps. */
interface GroupedPairs {
  x: Float64Array
  y: Float64Array
  groups: Int32Array
}

/** Where one statistic stands in what {@link PairWorkspace.measure} writes. */
export const STATISTICS = ['pearson', 'spearman', 'kendall'] as const
export type StatisticName = (typeof STATISTICS)[number]

/** Fewest comparable pairs below which an agreement is not said as a number. */
export const FEWEST_PAIRS = 4

export interface PairWorkspace {
  /** Takes other x values for the same y and groups; `levels` rank x as the values do. */
  setX(x: Float64Array, levels: Int32Array): void
  /**
   * Writes Pearson, Spearman and Kendall τ-b of the counted pairs; NaN where not defined.
   *
   * @param counts how often each pair counts, read from `offset` on; null: once each
   * @param out receives three numbers
   * @returns freedom: pairs in groups of at least two, less one for each such group but the first
   */
  measure(counts: Uint16Array | null, offset: number, out: Float64Array): number
}

/** Dense ranks from 0, equal values alike; NaN gets −1. What the workspace sorts x by. */
export function denseLevels(values: Float64Array): Int32Array {
  const sorted = [...new Set(values)].filter((value) => !Number.isNaN(value)).sort((a, b) => a - b)
  const levelOf = new Map(sorted.map((value, level) => [value, level]))
  return Int32Array.from(values, (value) => levelOf.get(value) ?? -1)
}

/** One column sorted within groups: who comes when, and where runs of equal values end. */
interface SortedColumn {
  order: Int32Array
  /** For the first position of a run, the position after its last. */
  runEnd: Int32Array
  centred: Float64Array
}

function newColumn(n: number): SortedColumn {
  return {
    order: new Int32Array(n),
    runEnd: new Int32Array(n),
    centred: new Float64Array(n)
  }
}

/** Centres in each group, so that sums of squares of any reweighting stay exact enough. */
function centre(values: Float64Array, groups: Int32Array, starts: Int32Array, out: Float64Array) {
  const sums = new Float64Array(starts.length - 1)
  for (let i = 0; i < values.length; i++) sums[groups[i]!]! += values[i]!
  for (let i = 0; i < values.length; i++) {
    const group = groups[i]!
    out[i] = values[i]! - sums[group]! / (starts[group + 1]! - starts[group]!)
  }
}

/** Sorts by group, then level: keys are whole numbers, so that the engine's own sort is used. */
function sortColumn(
  levels: Int32Array,
  groups: Int32Array,
  keys: Float64Array,
  column: SortedColumn
): void {
  const n = levels.length
  let top = 0
  for (let i = 0; i < n; i++) if (levels[i]! > top) top = levels[i]!
  for (let i = 0; i < n; i++) keys[i] = (groups[i]! * (top + 1) + levels[i]!) * n + i
  keys.sort()
  for (let from = 0; from < n;) {
    const level = Math.floor(keys[from]! / n)
    let to = from
    while (to < n && Math.floor(keys[to]! / n) === level) {
      column.order[to] = keys[to]! - level * n
      to++
    }
    column.runEnd[from] = to
    from = to
  }
}

/** First position of each group in any column sorted by group, and the end of the last. */
function groupStarts(groups: Int32Array): Int32Array {
  let top = -1
  for (const group of groups) top = Math.max(top, group)
  const starts = new Int32Array(top + 2)
  for (const group of groups) starts[group + 1]!++
  for (let g = 0; g <= top; g++) starts[g + 1]! += starts[g]!
  return starts
}

/**
 * Prepares pairs for many measurements, each linear in their number (times a logarithm for τ).
 *
 * With several groups, pairs are compared only inside a group: Pearson on values less the group's
 * mean, Spearman on ranks within the group less their mean, Kendall over pairs of one group. With
 * one group these are the plain statistics.
 */
export function pairWorkspace({ x, y, groups }: GroupedPairs): PairWorkspace {
  const n = y.length
  const starts = groupStarts(groups)
  const keys = new Float64Array(n)
  const columnX = newColumn(n)
  const columnY = newColumn(n)
  const rankX = new Float64Array(n)
  const once = new Uint16Array(n).fill(1)
  /** Position of y's run inside its group, from 1: where it stands in `tree`. */
  const place = new Int32Array(n)
  /** Counts already passed, by place, and the Fenwick tree of their sums. */
  const atPlace = new Int32Array(n + 1)
  const tree = new Int32Array(n + 1)

  sortColumn(denseLevels(y), groups, keys, columnY)
  centre(y, groups, starts, columnY.centred)
  for (let g = 0; g + 1 < starts.length; g++) {
    let at = 0
    for (let from = starts[g]!; from < starts[g + 1]!; from = columnY.runEnd[from]!) {
      at++
      for (let k = from; k < columnY.runEnd[from]!; k++) place[columnY.order[k]!] = at
    }
  }

  function setX(values: Float64Array, levels: Int32Array): void {
    sortColumn(levels, groups, keys, columnX)
    centre(values, groups, starts, columnX.centred)
  }

  /** What {@link passX} found: counts, tied pairs, Σ (t³ − t) of ties, concordance. */
  const passed = new Float64Array(4)

  /** Passes one group in the order of x: mid-ranks, ties, concordant less discordant pairs. */
  function passX(first: number, last: number, counts: Uint16Array, offset: number): void {
    const { order, runEnd } = columnX
    const [places, ranks, counted, sums] = [place, rankX, atPlace, tree]
    const top = last - first
    sums.fill(0, 0, top + 1)
    counted.fill(0, 0, top + 1)
    let total = 0
    let tied = 0
    let cubes = 0
    let concordance = 0
    for (let from = first; from < last;) {
      const to = runEnd[from]!
      let run = 0
      for (let k = from; k < to; k++) {
        const i = order[k]!
        const count = counts[offset + i]!
        if (count === 0) continue
        run += count
        const at = places[i]!
        let below = 0
        for (let p = at - 1; p > 0; p &= p - 1) below += sums[p]!
        concordance += count * (2 * below + counted[at]! - total)
      }
      const middle = total + (run + 1) / 2
      for (let k = from; k < to; k++) {
        const i = order[k]!
        ranks[i] = middle
        const count = counts[offset + i]!
        if (count === 0) continue
        const at = places[i]!
        counted[at]! += count
        for (let p = at; p <= top; p += p & -p) sums[p]! += count
      }
      tied += (run * (run - 1)) / 2
      cubes += run * run * run - run
      total += run
      from = to
    }
    passed[0] = total
    passed[1] = tied
    passed[2] = cubes
    passed[3] = concordance
  }

  function measure(counted: Uint16Array | null, start: number, out: Float64Array): number {
    const counts = counted ?? once
    const offset = counted ? start : 0
    const { order, runEnd } = columnY
    const [valuesX, valuesY, ranks] = [columnX.centred, columnY.centred, rankX]
    let freedom = 1
    let untiedX = 0
    let untiedY = 0
    let excess = 0
    let xx = 0
    let yy = 0
    let xy = 0
    let rankXX = 0
    let rankYY = 0
    let rankXY = 0
    for (let g = 0; g + 1 < starts.length; g++) {
      const last = starts[g + 1]!
      passX(starts[g]!, last, counts, offset)
      const total = passed[0]!
      if (total < 2) continue
      let before = 0
      let tiedY = 0
      let cubesY = 0
      let sumX = 0
      let sumY = 0
      let sumXX = 0
      let sumYY = 0
      let sumXY = 0
      let sumRanks = 0
      for (let from = starts[g]!; from < last;) {
        const to = runEnd[from]!
        const b = valuesY[order[from]!]!
        let run = 0
        let runX = 0
        let runRanks = 0
        for (let k = from; k < to; k++) {
          const i = order[k]!
          const count = counts[offset + i]!
          const a = valuesX[i]!
          run += count
          runX += count * a
          sumXX += count * a * a
          runRanks += count * ranks[i]!
        }
        sumX += runX
        sumY += run * b
        sumYY += run * b * b
        sumXY += runX * b
        sumRanks += runRanks * (before + (run + 1) / 2)
        tiedY += (run * (run - 1)) / 2
        cubesY += run * run * run - run
        before += run
        from = to
      }
      const pairs = (total * (total - 1)) / 2
      const cubes = total * total * total - total
      freedom += total - 1
      xx += sumXX - (sumX * sumX) / total
      yy += sumYY - (sumY * sumY) / total
      xy += sumXY - (sumX * sumY) / total
      rankXX += (cubes - passed[2]!) / 12
      rankYY += (cubes - cubesY) / 12
      rankXY += sumRanks - (total * (total + 1) * (total + 1)) / 4
      untiedX += pairs - passed[1]!
      untiedY += pairs - tiedY
      excess += passed[3]!
    }
    if (untiedX <= 0 || untiedY <= 0) {
      out.fill(NaN, 0, 3)
      return freedom
    }
    out[0] = clamped(xy / Math.sqrt(xx) / Math.sqrt(yy))
    // Counts and ranks are whole or halves, so that full agreement is 1 exactly.
    out[1] = clamped(rankXY / Math.sqrt(rankXX * rankYY))
    out[2] = clamped(excess / Math.sqrt(untiedX * untiedY))
    return freedom
  }

  setX(x, denseLevels(x))
  return { setX, measure }
}

function clamped(correlation: number): number {
  return Math.max(-1, Math.min(1, correlation))
}
