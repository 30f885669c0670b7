/** Gradient-boosted regression trees: many small trees, each fitted to what the ones before left. */
import type { Prediction, RegressionPoint } from './points'

export interface TreeSettings {
  trees: number
  /** How much of each tree's answer is taken. */
  learningRate: number
  /** Most questions from the root to an answer; interactions between that many members are seen. */
  depth: number
  /** Fewest points behind an answer. */
  pointsPerLeaf: number
}

/** Equal gains may differ by rounding; the earlier member is then asked about. */
const SAME_GAIN = 1 + 1e-10

/**
 * Settings for a number of points: 300 trees at a rate of 0.05, of depth 3, with a twentieth of the
 * points in a leaf at least, and not fewer than 2 nor more than 20.
 *
 * RegMix's and LightGBM's own 20 points per leaf would answer one mean for everything below 40
 * points, which is more than most studies train.
 */
export function treeSettings(points: number): TreeSettings {
  const pointsPerLeaf = Math.max(2, Math.min(20, Math.round(points / 20)))
  return { trees: 300, learningRate: 0.05, depth: 3, pointsPerLeaf }
}

/** A tree as a heap: node k leads to 2k + 1 when the share is at most the threshold, else 2k + 2. */
interface Tree {
  /** Which share is asked about; −1 at a leaf. */
  member: Int32Array
  threshold: Float64Array
  value: Float64Array
}

/** Where a mixture goes on from a node; a leaf leads to itself. */
function nextNode({ member, threshold }: Tree, node: number, shares: Float64Array): number {
  if (member[node]! < 0) return node
  return 2 * node + (shares[member[node]!]! <= threshold[node]! ? 1 : 2)
}

/** The leaf that a mixture ends in. */
function leafOf(tree: Tree, shares: Float64Array): number {
  let node = 0
  while (tree.member[node]! >= 0) node = nextNode(tree, node, shares)
  return node
}

/** One member's shares in rising order, with the points they belong to; the same for all trees. */
interface Column {
  member: number
  order: Int32Array
  shares: Float64Array
}

/** Members whose share never varies are left out: nothing can be asked about them. */
function sortedColumns(points: RegressionPoint[]): Column[] {
  return [...points[0]!.shares.keys()].flatMap((member) => {
    const share = (i: number) => points[i]!.shares[member]!
    const order = Int32Array.from(points.keys()).sort((a, b) => share(a) - share(b))
    const shares = Float64Array.from(order, share)
    return shares[0] === shares.at(-1) ? [] : [{ member, order, shares }]
  })
}

/** What is known while a tree grows, by point or by node. */
interface Growth {
  /** The node that each point has come to. */
  at: Int32Array
  counts: Float64Array
  sums: Float64Array
  /** What the best question so far must be surpassed by. */
  gains: Float64Array
  /** Of the points walked past: how many, their sum, their last share. */
  leftCounts: Float64Array
  leftSums: Float64Array
  last: Float64Array
}

function newGrowth(points: number, nodes: number): Growth {
  return {
    at: new Int32Array(points),
    counts: new Float64Array(nodes),
    sums: new Float64Array(nodes),
    gains: new Float64Array(nodes),
    leftCounts: new Float64Array(nodes),
    leftSums: new Float64Array(nodes),
    last: new Float64Array(nodes)
  }
}

/** Gives each node from `first` on the mean of its residuals: its answer unless it is divided. */
function answer(tree: Tree, growth: Growth, residuals: Float64Array, first: number): void {
  const { at, counts, sums, gains } = growth
  counts.fill(0, first)
  sums.fill(0, first)
  for (let i = 0; i < at.length; i++) {
    counts[at[i]!]! += 1
    sums[at[i]!]! += residuals[i]!
  }
  for (let node = first; node < counts.length; node++) {
    tree.value[node] = counts[node]! > 0 ? sums[node]! / counts[node]! : 0
    gains[node] = sums[node]! * tree.value[node]! * SAME_GAIN
  }
}

/** Walks along one member's shares, and keeps for each node the division that explains most. */
function ask(
  tree: Tree,
  { at, counts, sums, gains, leftCounts, leftSums, last }: Growth,
  { member, order, shares }: Column,
  residuals: Float64Array,
  first: number,
  fewest: number
): void {
  leftCounts.fill(0)
  leftSums.fill(0)
  for (let place = 0; place < order.length; place++) {
    const i = order[place]!
    const node = at[i]!
    if (node < first) continue
    const left = leftCounts[node]!
    const right = counts[node]! - left
    if (left >= fewest && right >= fewest && shares[place]! > last[node]!) {
      const leftSum = leftSums[node]!
      const rightSum = sums[node]! - leftSum
      const gain = (leftSum * leftSum) / left + (rightSum * rightSum) / right
      if (gain > gains[node]!) {
        gains[node] = gain * SAME_GAIN
        tree.member[node] = member
        tree.threshold[node] = last[node]! / 2 + shares[place]! / 2
      }
    }
    leftCounts[node] = left + 1
    leftSums[node]! += residuals[i]!
    last[node] = shares[place]!
  }
}

/** Grows one tree on residuals, all nodes of a level at once; `growth.at` is each point's leaf. */
function growTree(
  points: RegressionPoint[],
  columns: Column[],
  residuals: Float64Array,
  growth: Growth,
  { depth, pointsPerLeaf }: TreeSettings
): Tree {
  const nodes = growth.counts.length
  const tree: Tree = {
    member: new Int32Array(nodes).fill(-1),
    threshold: new Float64Array(nodes),
    value: new Float64Array(nodes)
  }
  growth.at.fill(0)
  answer(tree, growth, residuals, 0)
  for (let level = 0; level < depth; level++) {
    const first = 2 ** level - 1
    for (const column of columns) ask(tree, growth, column, residuals, first, pointsPerLeaf)
    let isDivided = false
    points.forEach(({ shares }, i) => {
      const node = growth.at[i]!
      growth.at[i] = nextNode(tree, node, shares)
      isDivided ||= growth.at[i] !== node
    })
    if (!isDivided) break
    answer(tree, growth, residuals, 2 * first + 1)
  }
  return tree
}

/**
 * Fits boosted trees with squared loss, exact splits halfway between neighbouring shares, and no
 * randomness.
 *
 * @param points at least one
 * @see Friedman 2001; sklearn.ensemble.GradientBoostingRegressor, to which tests/golden/proxies
 *   holds it; Liu et al. 2024 (RegMix, arXiv:2407.01492) for their use on mixtures
 */
export function fitBoostedTrees(
  points: RegressionPoint[],
  settings: Partial<TreeSettings> = {}
): Prediction {
  const full = { ...treeSettings(points.length), ...settings }
  const mean = points.reduce((sum, { loss }) => sum + loss, 0) / points.length
  const residuals = Float64Array.from(points, ({ loss }) => loss - mean)
  const columns = sortedColumns(points)
  const growth = newGrowth(points.length, 2 ** (full.depth + 1) - 1)
  const trees: Tree[] = []
  for (let round = 0; round < full.trees; round++) {
    const tree = growTree(points, columns, residuals, growth, full)
    growth.at.forEach((leaf, i) => (residuals[i]! -= full.learningRate * tree.value[leaf]!))
    trees.push(tree)
  }
  return (shares) =>
    trees.reduce((sum, tree) => sum + full.learningRate * tree.value[leafOf(tree, shares)]!, mean)
}
