/** Series: studies of one project that differ in one setting. Plain data; no behaviour. */
import { z } from 'zod'

/** What a series varies, in the order in which it is offered. */
export const SERIES_KINDS = [
  'unit-size',
  'branch-rate',
  'replay',
  'leave-one-out',
  'swap-one',
  'seed-length',
  'no-seed',
  'partitions-number',
  'rolling-windows',
  'uneven',
  'random-partitions'
] as const
export type SeriesKind = (typeof SERIES_KINDS)[number]

/** What each asks, in words. */
export const SERIES_QUESTIONS: Record<SeriesKind, string> = {
  'unit-size': 'Sub-units that every base unit is cut into, at the same tokens',
  'branch-rate': 'Peak learning rate of branches',
  replay: 'Share of seed text in training branches',
  'leave-one-out': 'Each partition left out of all',
  'swap-one': 'Each partition added to those that are kept',
  'seed-length': 'Tokens that the seed is trained on',
  'no-seed': 'What branches carry on from the seed',
  'partitions-number': 'Partitions that mixtures are made of',
  'rolling-windows': 'Partitions in their order, a window of them merged at a time',
  uneven: 'Base units of a partition at most: micro against macro',
  'random-partitions': 'The partitions of the study, and random ones of the same text'
}

/** Of which series a study is, and its setting; null where the series is one study. */
export const SeriesOriginSchema = z.strictObject({
  kind: z.enum(SERIES_KINDS),
  /** Name of the study that it was varied from. */
  of: z.string(),
  value: z.union([z.number(), z.string()]).nullable()
})
export type SeriesOrigin = z.infer<typeof SeriesOriginSchema>

/** What a series is made from: one line. */
export const SeriesRequestSchema = z.strictObject({
  kind: z.enum(SERIES_KINDS),
  /** Settings; none: sensible ones. */
  values: z.array(z.union([z.number(), z.string()])),
  /**
   * How many mixtures are also trained: all, none, or so many drawn at random. Left out: as in the
   * study that is varied, or all where the mixtures are new.
   */
  truth: z.union([z.enum(['all', 'none']), z.number().int().positive()]).optional(),
  /**
   * Whether every setting is trained again under the study's other random seeds too; left out: not,
   * since that costs as often as there are seeds.
   */
  repeats: z.boolean().optional()
})
export type SeriesRequest = z.infer<typeof SeriesRequestSchema>

/** True where settings are names, though they may look like numbers. */
export function hasNamedValues(kind: SeriesKind): boolean {
  return ['leave-one-out', 'swap-one', 'no-seed', 'random-partitions'].includes(kind)
}

/** Settings as they are typed, divided by commas. */
export function settingsFrom(kind: SeriesKind, text: string): SeriesRequest['values'] {
  const words = text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
  // A number is one, unless partitions are named by numbers.
  return words.map((one) => (hasNamedValues(kind) || Number.isNaN(Number(one)) ? one : Number(one)))
}
