/** What makes mixtures of different sizes comparable, and what that is worth, in words too. */
import { z } from 'zod'
import { correlation } from './numberWords'

const count = z.number().int().nonnegative()
const range = z.strictObject({ least: count, most: count })
const beforeAndAfter = z.strictObject({ raw: z.number(), levelled: z.number() })

/** An offset by the numbers of partitions and branches merged; losses in nats per token. */
export const SizeOffsetSchema = z.strictObject({
  n: count,
  partitions: range,
  branches: range,
  /** nats per token = intercept + perPartition · ln partitions + perBranch · ln branches. */
  intercept: z.number(),
  perPartition: z.number(),
  perBranch: z.number(),
  /** Of mixtures left out one at a time; raw: with one offset for all numbers of branches. */
  rmse: beforeAndAfter,
  pairs: count,
  /** Share of the pairs of different sizes ordered as training does. */
  accuracy: beforeAndAfter.nullable(),
  /** The same by the number of branches alone. */
  countAccuracy: z.number().nullable(),
  /** Of the first of all sizes. */
  regret: beforeAndAfter,
  isEarned: z.boolean()
})
export type SizeOffset = z.infer<typeof SizeOffsetSchema>

const nats = (value: number) => value.toFixed(4).replace('-', '−')

/** What an offset gives and whether it is used, in sentences. */
export function sizeOffsetWords(offset: SizeOffset | null): string {
  if (offset === null) {
    return 'No offset by size can be learned: it takes six trained mixtures, those that are one branch left out, which do not all merge as many branches.'
  }
  const { n, branches, rmse, pairs, accuracy, countAccuracy, regret } = offset
  const learned = `An offset by size learned from ${n} trained mixtures of ${branches.least} to ${branches.most} branches, each judged without itself,`
  if (accuracy === null || countAccuracy === null) {
    return `${learned} has no pair of different sizes to be judged by: the order stays as it is.`
  }
  const found =
    `an error of ${nats(rmse.levelled)} nats/token (without: ${nats(rmse.raw)}), ` +
    `${correlation(accuracy.levelled)} of ${pairs} pairs of different sizes ordered as training orders them ` +
    `(without: ${correlation(accuracy.raw)}; by the number of branches alone: ${correlation(countAccuracy)}), ` +
    `and a regret of ${nats(regret.levelled)} nats/token (without: ${nats(regret.raw)})`
  return offset.isEarned
    ? `${learned} earns its place: ${found}. Mixtures are in the order of the levelled proxy.`
    : `${learned} does not earn its place: ${found}. It would have to lower the error by a tenth and order more pairs; the order stays as it is.`
}
