/** What a series found and would cost, in the form that shells are told. */
import { z } from 'zod'
import { EstimateSchema } from './evidenceView'
import { DomainKindSchema } from './records'
import { SERIES_KINDS, SeriesOriginSchema } from './series'

const count = z.number().int().nonnegative()
const value = z.number().nullable()
const setting = SeriesOriginSchema.shape.value

/** One setting and proxy. Losses in nats per token, means over all domains where none is named. */
const SeriesRowSchema = z.strictObject({
  study: z.string(),
  setting,
  proxy: z.string(),
  /** Mixtures compared with another. */
  n: count,
  /** Spearman's ρ within sizes, and pairs ordered as training orders them. */
  spearman: EstimateSchema,
  accuracy: EstimateSchema,
  /** Gain of branches over the seed on their own partition: mean over partitions. */
  branchGain: value,
  /** Of the proxy, over all mixtures, and over those that were also trained. */
  proxyLoss: value,
  proxyLossTrained: value,
  sequentialLoss: value,
  /** Predicted tokens of its finished runs, and of its branches alone. */
  tokens: z.number(),
  branchTokens: z.number(),
  /** Runs that are not trained yet. */
  runsLeft: count,
  /** True where it is not what the study it was varied from would give now. */
  isAltered: z.boolean()
})
export type SeriesRow = z.infer<typeof SeriesRowSchema>

/** What one partition does to one domain: loss with or without it, less that of the others. */
const SeriesEffectSchema = z.strictObject({
  study: z.string(),
  partition: z.string(),
  domain: z.string(),
  domainKind: z.union([DomainKindSchema, z.literal('mean')]),
  /** By the micro merge, and by sequential models where both are trained. */
  proxy: value,
  truth: value
})
export type SeriesEffect = z.infer<typeof SeriesEffectSchema>

/** A window of partitions, on the held-out part of one of them or on another domain. */
const SeriesWindowSchema = z.strictObject({
  study: z.string(),
  width: count,
  /** Place of its first partition in the order, from 1. */
  first: count,
  from: z.string(),
  to: z.string(),
  domain: z.string(),
  /** How many partitions outside of the window the domain's is; null for other domains. */
  distance: count.nullable(),
  proxy: value,
  truth: value
})
export type SeriesWindow = z.infer<typeof SeriesWindowSchema>

/** A series with all that is measured of it. */
export const SeriesResultSchema = z.strictObject({
  kind: z.enum(SERIES_KINDS),
  of: z.string(),
  rows: z.array(SeriesRowSchema),
  /** Of `leave-one-out` and `swap-one`. */
  effects: z.array(SeriesEffectSchema),
  /** Of `rolling-windows`. */
  windows: z.array(SeriesWindowSchema),
  /** Studies of which nothing is measured yet. */
  notRun: z.array(z.string())
})
export type SeriesResult = z.infer<typeof SeriesResultSchema>

/** What one study of a series asks for from here, shared runs left to earlier ones. */
const SettingDemandSchema = z.strictObject({
  study: z.string(),
  setting,
  mixtures: count,
  /** Runs of the study; of them those not trained, and not of an earlier setting. */
  runs: count,
  runsLeft: count,
  tokensLeft: z.number()
})
export type SettingDemand = z.infer<typeof SettingDemandSchema>

/** What a series asks for from here. */
export const SeriesDemandSchema = z.strictObject({
  studies: z.array(SettingDemandSchema),
  runsLeft: count,
  tokensLeft: z.number()
})
export type SeriesDemand = z.infer<typeof SeriesDemandSchema>

/** Settings that cannot be had have a problem, in words, and no demand. */
export const SeriesPreviewSchema = z.strictObject({
  problem: z.string().nullable(),
  demand: SeriesDemandSchema.nullable(),
  /** False before the text is prepared: then each partition is taken for one base unit. */
  isExact: z.boolean()
})
export type SeriesPreview = z.infer<typeof SeriesPreviewSchema>

/** A series as a screen reads it: the picture is that of the report, an `svg` element as text. */
export const SeriesReadingSchema = z.strictObject({
  /** Why there is nothing to read, in words. */
  problem: z.string().nullable(),
  result: SeriesResultSchema.nullable(),
  svg: z.string().nullable()
})
export type SeriesReading = z.infer<typeof SeriesReadingSchema>

/** The same with what is to be measured, and time by a measured rate. */
export interface SeriesStudyCost extends SettingDemand {
  /** Models not measured, and not of an earlier setting. */
  modelsLeft: number
  /** Of training and measuring, from a measured rate. */
  seconds: number | null
}

/** What a series would cost from here. */
export interface SeriesCost extends SeriesDemand {
  studies: SeriesStudyCost[]
  seconds: number | null
}
