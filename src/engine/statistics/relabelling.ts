/** Permutation p-values of an agreement: what it would be were the proxy's labels exchanged. */
import type { PairWorkspace } from './pairs'
import { STATISTICS } from './pairs'

/** Rounding allowed when a relabelled statistic is compared with the one observed. */
const ROUNDING = 1e-12

/** Relabellings of the items of one table, the unchanged one first. */
export interface Relabellings {
  items: number
  count: number
  /** `images[k * items + i]`: whose proxy value item i gets in relabelling k; −1: there is none. */
  images: Int32Array
}

/** The p-values of one row with what they rest on. */
interface RelabelledP {
  /** In the order of STATISTICS; null where the statistic is not defined. */
  p: (number | null)[]
  /** Relabellings for which every value was there, the unchanged one included. */
  relabellings: number
  /** The smallest p these relabellings can give. */
  smallest: number | null
}

/**
 * Two-sided p-values: the share of relabellings whose statistic is at least as far from zero.
 *
 * Mixtures that share partitions are no independent draws, so textbook p-values are too small.
 * Exchanging whole partitions on the proxy's side keeps how mixtures overlap and asks only whether
 * the proxy knows which partition is which. A relabelling counts only where every relabelled
 * mixture has a proxy value. Changes the workspace's x.
 *
 * @param rows which items of the table the workspace's pairs are
 * @param proxy value of whatever an image points to; NaN where there is none
 * @param levels dense ranks of `proxy`
 * @returns p of null throughout when only the unchanged labelling is to be had
 */
export function relabelledP(
  workspace: PairWorkspace,
  estimates: Float64Array,
  table: Relabellings,
  rows: number[],
  proxy: Float64Array,
  levels: Int32Array
): RelabelledP {
  const x = new Float64Array(rows.length)
  const ranks = new Int32Array(rows.length)
  const out = new Float64Array(3)
  const asFar = [0, 0, 0]
  let usable = 0
  let unchanged = 0
  for (let k = 0; k < table.count; k++) {
    let isUsable = true
    let isUnchanged = true
    for (let i = 0; i < rows.length; i++) {
      const at = rows[i]!
      const image = table.images[k * table.items + at]!
      if (image < 0 || levels[image]! < 0) {
        isUsable = false
        break
      }
      if (image !== table.images[at]) isUnchanged = false
      x[i] = proxy[image]!
      ranks[i] = levels[image]!
    }
    if (!isUsable) continue
    usable++
    if (isUnchanged) unchanged++
    workspace.setX(x, ranks)
    workspace.measure(null, 0, out)
    for (let s = 0; s < 3; s++) {
      if (Math.abs(out[s]!) >= Math.abs(estimates[s]!) - ROUNDING) asFar[s]!++
    }
  }
  const hasNone = usable < 2
  return {
    p: STATISTICS.map((_, s) =>
      hasNone || Number.isNaN(estimates[s]) ? null : asFar[s]! / usable
    ),
    relabellings: usable,
    smallest: hasNone ? null : unchanged / usable
  }
}
