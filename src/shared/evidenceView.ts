/** What the screens of mixtures and evidence are told: the matrix of all mixtures, and beliefs. */
import { z } from 'zod'
import { FitSchema } from './fittedLine'
import { BudgetKindSchema, DomainKindSchema } from './records'
import { SizeOffsetSchema } from './sizeOffset'

const count = z.number().int().nonnegative()
const value = z.number().nullable()

/** A domain, or a mean over several. */
const ScoredDomainSchema = z.strictObject({
  name: z.string(),
  kind: z.union([DomainKindSchema, z.literal('mean')]),
  partition: z.string().nullable()
})

/** What is known of a task's items besides the losses of right answers; of all more is better. */
export const TASK_METRICS = ['accuracy', 'accuracyPerByte', 'normalizedProbability'] as const
export type TaskMetric = (typeof TASK_METRICS)[number]

/** Tasks among the domains, with what models and merges make of their items: shares from 0 to 1. */
const MatrixTasksSchema = z.strictObject({
  domains: z.array(ScoredDomainSchema),
  /** Those of which the right answers alone are there: nothing but losses is known of them. */
  withoutChoices: z.array(z.string()),
  /** As of the matrix, but by the tasks; of what is made from losses of branches nothing is said. */
  metrics: z.array(
    z.strictObject({
      metric: z.enum(TASK_METRICS),
      seed: z.array(value),
      proxies: z.array(z.strictObject({ name: z.string(), values: z.array(z.array(value)) })),
      sequential: z.array(
        z.strictObject({ budget: BudgetKindSchema, values: z.array(z.array(value)) })
      )
    })
  )
})
export type MatrixTasks = z.infer<typeof MatrixTasksSchema>

/** Every mixture with what proxies and training say of it on every domain. */
export const MatrixSchema = z.strictObject({
  /** Names that mixtures are made of, in the order of their columns. */
  members: z.array(z.string()),
  domains: z.array(ScoredDomainSchema),
  /** The seed's own value on each domain. */
  seed: z.array(value),
  rows: z.array(
    z.strictObject({
      mixture: z.string(),
      size: count,
      /** Share of each member, in the order of `members`; 0: not in it. */
      shares: z.array(z.number()),
      /** True where the sequential model is the merge, one branch: no evidence. */
      isMerge: z.boolean()
    })
  ),
  /** Values by proxy, then row, then domain: perplexities, on `-log` means nats per token. */
  proxies: z.array(z.strictObject({ name: z.string(), values: z.array(z.array(value)) })),
  /** The same of sequential models, by truth budget. */
  sequential: z.array(
    z.strictObject({
      budget: BudgetKindSchema,
      values: z.array(z.array(value)),
      /** By row: true where the model under this budget is the merge. */
      areMerges: z.array(z.boolean())
    })
  ),
  /** Left out where no domain is a task. */
  tasks: MatrixTasksSchema.optional()
})
export type Matrix = z.infer<typeof MatrixSchema>

const IntervalSchema = z.strictObject({ low: z.number(), high: z.number() })
const StatisticSchema = z.strictObject({
  value,
  interval: IntervalSchema.nullable(),
  drop: IntervalSchema.nullable(),
  p: value,
  /** Corrected by Holm over the domains asked about at once; null on means. */
  holm: value
})

/** Agreement of one proxy on one domain in one stratum. */
export const AgreementSchema = z.strictObject({
  domain: z.string(),
  domainKind: z.union([DomainKindSchema, z.literal('mean')]),
  budget: BudgetKindSchema,
  stratum: z.string(),
  proxy: z.string(),
  n: count,
  relabellings: count,
  smallestP: value,
  pearson: StatisticSchema,
  spearman: StatisticSchema,
  kendall: StatisticSchema,
  /** Of the values, and of their natural logs for log axes: the line that is straight there. */
  fit: z.strictObject({ plain: FitSchema.nullable(), log: FitSchema.nullable() }).nullable()
})
export type Agreement = z.infer<typeof AgreementSchema>

/** A number with its 95 % interval over mixtures, and its range with one partition left out. */
export const EstimateSchema = StatisticSchema.omit({ p: true, holm: true })
export type Estimate = z.infer<typeof EstimateSchema>

/**
 * The wider of both intervals, the value itself in it. Mixtures share partitions and are no
 * independent draws: the one over mixtures alone may be too narrow.
 */
export function widerInterval({ value: of, interval, drop }: Estimate): Estimate['interval'] {
  if (of === null || !drop) return interval
  // Without a partition the other mixtures may all lie on one side of the whole.
  const around = { low: Math.min(of, drop.low), high: Math.max(of, drop.high) }
  if (!interval) return around
  return interval.high - interval.low >= around.high - around.low ? interval : around
}

/** One proxy on one domain, among mixtures of one size; losses in nats per token. */
export const ComparisonSchema = z.strictObject({
  domain: z.string(),
  domainKind: z.union([DomainKindSchema, z.literal('mean')]),
  budget: BudgetKindSchema,
  proxy: z.string(),
  n: count,
  spearman: EstimateSchema,
  /** ρ among the quarter of each size that the proxy puts first. */
  topSpearman: EstimateSchema,
  accuracy: EstimateSchema,
  topQuarter: EstimateSchema,
  regret: EstimateSchema,
  regretShare: EstimateSchema,
  slope: EstimateSchema,
  offset: EstimateSchema,
  /** Less the reference proxy's; null for that one. */
  difference: z.strictObject({ accuracy: EstimateSchema, spearman: EstimateSchema }).nullable()
})
export type Comparison = z.infer<typeof ComparisonSchema>

/** A standard deviation in nats per token, with its 95 % interval and degrees of freedom. */
const DeviationSchema = z.strictObject({
  deviation: z.number(),
  interval: IntervalSchema.nullable(),
  degrees: count
})
const CeilingSchema = z.strictObject({ spearman: z.number(), accuracy: z.number() })

/** Noise between random seeds on one domain, for one proxy made of branches. */
export const NoiseSchema = z.strictObject({
  domain: z.string(),
  domainKind: z.union([DomainKindSchema, z.literal('mean')]),
  budget: BudgetKindSchema,
  proxy: z.string(),
  /** Mixtures compared with another. */
  n: count,
  /** Standard deviation of sequential losses within sizes, noise included. */
  spread: z.number(),
  /** Noise of a sequential model; `repeated`: mixtures that were trained more than once. */
  truth: DeviationSchema.extend({ repeated: count }),
  /** Noise of the proxy; null where its branches were trained once. */
  ofProxy: DeviationSchema.nullable(),
  /** Agreement of a proxy that is always right: without noise of its own, and with this one's. */
  ceiling: z.strictObject({ perfect: CeilingSchema, sameNoise: CeilingSchema.nullable() }),
  /** Pairs of one size: `ties` are closer than noise; `alike` of the others are ordered alike. */
  beyondNoise: z.strictObject({ pairs: count, ties: count, alike: count, accuracy: value }),
  /** Agreement of the proxy made of branches of other random seeds with the same sequential models. */
  otherSeeds: z.array(z.strictObject({ randomSeed: count, spearman: value, accuracy: value }))
})
export type Noise = z.infer<typeof NoiseSchema>

/** Noise on one domain: the proxy that orders most pairs beyond noise first. */
export function noiseRows(rows: readonly Noise[], domain: string, budget: string): Noise[] {
  return rows
    .filter((row) => row.domain === domain && row.budget === budget)
    .sort((a, b) => b.beyondNoise.alike - a.beyondNoise.alike)
}

/** Of one proxy: what it had said of sequential models before they were trained. */
export const PredictedSchema = z.strictObject({
  budget: BudgetKindSchema,
  proxy: z.string(),
  /** Runs that something was said of, and those of them that are trained and measured. */
  predicted: count,
  trained: count,
  /** Said less come, and its size, on the mean over all domains in nats per token. */
  meanError: value,
  meanAbsoluteError: value,
  /** Share of pairs of one size that were foretold in the right order. */
  accuracy: value
})
export type Predicted = z.infer<typeof PredictedSchema>

/** The mean that a study is summed up by: over all domains, in nats per token. */
export const HEADLINE_DOMAIN = 'mean-all-log'

/** Rows of one domain: the proxy that orders most pairs as training does first, unknown ones last. */
export function proxyRows<Row extends Pick<Comparison, 'domain' | 'budget' | 'accuracy'>>(
  rows: readonly Row[],
  domain: string,
  budget: string
): Row[] {
  return rows
    .filter((row) => row.domain === domain && row.budget === budget)
    .sort((a, b) => (b.accuracy.value ?? -1) - (a.accuracy.value ?? -1))
}

/**
 * The proxy that orders more pairs than the reference beyond doubt: its difference's wider interval
 * lies above 0. Null where none does, or the reference is the best.
 *
 * @param rows in the order of {@link proxyRows}
 */
export function betterThanReference<Row extends Pick<Comparison, 'difference'>>(
  rows: readonly Row[]
): Row | null {
  const [best] = rows
  const ends = best?.difference && widerInterval(best.difference.accuracy)
  return best && ends && ends.low > 0 ? best : null
}

/** The number a study is summed up by, for one proxy and truth budget. */
const HeadlineSchema = z.strictObject({
  proxy: z.string(),
  budget: BudgetKindSchema,
  n: count,
  /** Trained mixtures left out since somebody, or a search, picked them. */
  picked: count,
  spearman: value,
  documents: IntervalSchema.nullable(),
  mixtures: IntervalSchema.nullable(),
  drop: IntervalSchema.nullable(),
  p: value,
  relabellings: count,
  smallestP: value,
  decisions: z.strictObject({ alike: count, compared: count })
})

/** Mixtures in the order of one proxy, best first, beside the truth where it is known. */
export const RankingSchema = z.strictObject({
  /** The one size they have; null for all sizes together. */
  size: count.nullable(),
  proxy: z.string(),
  domain: z.string(),
  budget: BudgetKindSchema,
  trained: count,
  /** What choosing by the proxy cost among the trained; `blind`: what chance costs on average. */
  regret: z
    .strictObject({ chosen: z.string(), best: z.string(), value: z.number(), blind: z.number() })
    .nullable(),
  /** Why the order must not be read as it stands; null where it may be. */
  caution: z.string().nullable(),
  /** Across sizes: what makes them comparable; null where it cannot be learned. */
  offset: SizeOffsetSchema.nullable(),
  /** In the order of the levelled proxy where the offset earns its place, else in the proxy's. */
  mixtures: z.array(
    z.strictObject({
      mixture: z.string(),
      size: count,
      rank: count,
      proxyValue: z.number(),
      /** With its offset by size; null where that has not earned its place or does not reach. */
      levelledValue: value,
      levelledRank: count.nullable(),
      rankAmongTrained: count.nullable(),
      sequentialValue: value,
      sequentialRank: count.nullable(),
      regret: value
    })
  ),
  /** Mixtures behind the last one listed: nobody reads ten thousand rows of a ranking. */
  left: count
})
export type Ranking = z.infer<typeof RankingSchema>

/** What a regression says of the trained mixtures on each domain of the matrix, each left out of its fit. */
const FittedSchema = z.strictObject({
  proxy: z.string(),
  budget: BudgetKindSchema,
  mixtures: z.array(z.string()),
  values: z.array(z.array(value))
})

/** How far the proxies may be believed. */
export const BeliefSchema = z.strictObject({
  headline: z.array(HeadlineSchema),
  agreement: z.array(AgreementSchema),
  comparison: z.array(ComparisonSchema),
  /** Empty where nothing was trained again. */
  noise: z.array(NoiseSchema),
  /** Empty where nothing was predicted before training. */
  predicted: z.array(PredictedSchema),
  /** One per budget, proxy and size; those across sizes last, each with its caution. */
  rankings: z.array(RankingSchema),
  /** Empty where too few mixtures are trained and merged to fit any. */
  fitted: z.array(FittedSchema),
  /** Partitions that no trained mixture holds. */
  untried: z.array(z.string())
})
export type Belief = z.infer<typeof BeliefSchema>
