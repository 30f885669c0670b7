/**
 * What truth less proxy is for another number of partitions and branches merged, and of tokens
 * trained: with it, mixtures of different sizes can be ranked together.
 */
import { countDecisions } from '#engine/statistics/decisions'
import { fitRidge } from './regression/linear'
import { constantColumns } from './regression/points'

/** A mixture that was trained: how much it merges, what the proxy says of it, what training gave. */
export interface SizedPoint {
  /** Members of the mixture: only pairs of different sizes are asked about. */
  size: number
  partitions: number
  branches: number
  /** Nats per token, as the truth. */
  proxy: number
  truth: number
}

/** Fewest trained mixtures that an offset is learned from; it has three parameters. */
const FEWEST_SIZED = 6

/** How much less the error must become before an offset is used: a tenth of it. */
const ERROR_GAIN = 0.1

/** A measure of the proxy as it stands, and of it levelled by offsets that the mixture is not in. */
interface BeforeAndAfter {
  raw: number
  levelled: number
}

interface Range {
  least: number
  most: number
}

/** An offset with what it is worth. */
export interface SizeOffset {
  /** Mixtures it is learned from. */
  n: number
  /** Fewest and most among them: beyond these nothing is levelled. */
  partitions: Range
  branches: Range
  /** Of the fit on all: nats per token = intercept + perPartition · ln p + perBranch · ln k. */
  intercept: number
  perPartition: number
  perBranch: number
  /** Root of the mean squared error of mixtures left out; raw: by one offset for all numbers. */
  rmse: BeforeAndAfter
  /** Pairs of different sizes that neither ties. */
  pairs: number
  /** Of them the share ordered as training does; null without any. */
  accuracy: BeforeAndAfter | null
  /** What ordering them by the number of branches alone gives, more being better; null without any. */
  countAccuracy: number | null
  /** What choosing the first of all sizes costs, in nats per token. */
  regret: BeforeAndAfter
  /** By point: the offset of a fit without it. */
  leftOut: Float64Array
  isEarned: boolean
  /** Offset by the fit on all; NaN beyond the numbers fitted on. */
  offsetOf: (partitions: number, branches: number) => number
}

/**
 * Learns truth less proxy from mixtures that were trained, as an intercept and a slope each on the
 * logarithm of the number of partitions and of branches merged. Partitions differ more than branches
 * of one do, and merging them costs more; with a sum budget every branch adds its tokens to the
 * sequential model, so that ln branches is ln tokens too, but for a constant. Slopes are held small
 * by a ridge penalty chosen by leaving out one mixture at a time.
 *
 * It is judged by mixtures left out one at a time, the penalty chosen anew without each. It earns its
 * place where it lowers that error by a tenth at least and orders more pairs of different sizes as
 * training does than the proxy as it stands. The rule is fixed beforehand.
 *
 * @returns null with fewer than six mixtures, or where all merge as many branches of as many partitions
 * @see sklearn.linear_model.RidgeCV with LeaveOneOut; tests/golden/proxies holds it to that
 */
export function learnSizeOffset(points: readonly SizedPoint[]): SizeOffset | null {
  if (points.length < FEWEST_SIZED) return null
  const termsOf = (partitions: number, branches: number) =>
    Float64Array.of(Math.log(partitions), Math.log(branches))
  const offsets = points.map(({ truth, proxy }) => truth - proxy)
  const rows = points.map(({ partitions, branches }, i) => ({
    shares: termsOf(partitions, branches),
    loss: offsets[i]!
  }))
  if (constantColumns(rows).length === 2) return null
  const { predict } = fitRidge(rows)
  const without = <Row>(list: readonly Row[], out: number) => list.filter((_, i) => i !== out)
  const leftOut = Float64Array.from(rows, (row, i) =>
    fitRidge(without(rows, i)).predict(row.shares)
  )
  const sum = offsets.reduce((all, one) => all + one, 0)
  const rmse = {
    raw: rootMeanSquare(offsets.map((one) => one - (sum - one) / (offsets.length - 1))),
    levelled: rootMeanSquare(offsets.map((one, i) => one - leftOut[i]!))
  }

  const truth = points.map((one) => one.truth)
  const raw = points.map(({ proxy }) => proxy)
  const levelled = raw.map((proxy, i) => proxy + leftOut[i]!)
  const shareAlike = (values: readonly number[]): number | null => {
    const { alike, compared } = decided(values)
    return compared === 0 ? null : alike / compared
  }
  const decided = (values: readonly number[]) =>
    countDecisions(values, truth, (a, b) => points[a]!.size !== points[b]!.size)
  const [before, after] = [shareAlike(raw), shareAlike(levelled)]
  const accuracy = before === null || after === null ? null : { raw: before, levelled: after }
  const best = Math.min(...truth)
  const regretOf = (values: readonly number[]) => truth[values.indexOf(Math.min(...values))]! - best

  const [partitions, branches] = [
    rangeOf(points.map((one) => one.partitions)),
    rangeOf(points.map((one) => one.branches))
  ]
  const at = (...terms: number[]) => predict(Float64Array.from(terms))
  const intercept = at(0, 0)
  return {
    n: points.length,
    partitions,
    branches,
    intercept,
    perPartition: at(1, 0) - intercept,
    perBranch: at(0, 1) - intercept,
    rmse,
    pairs: decided(raw).compared,
    accuracy,
    countAccuracy: shareAlike(points.map((one) => -one.branches)),
    regret: { raw: regretOf(raw), levelled: regretOf(levelled) },
    leftOut,
    isEarned:
      accuracy !== null &&
      rmse.levelled <= (1 - ERROR_GAIN) * rmse.raw &&
      accuracy.levelled > accuracy.raw,
    offsetOf: (p, k) =>
      isWithin(p, partitions) && isWithin(k, branches) ? predict(termsOf(p, k)) : NaN
  }
}

function rangeOf(values: readonly number[]): Range {
  return { least: Math.min(...values), most: Math.max(...values) }
}

function isWithin(value: number, { least, most }: Range): boolean {
  return value >= least && value <= most
}

function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)
}
