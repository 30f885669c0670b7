/** A search for mixtures: what is asked, and what was found. */
import { z } from 'zod'
import { ComparisonSchema } from './evidenceView'

const count = z.number().int().nonnegative()
const numbers = z.record(z.string(), z.number())

/** What a search is asked. Members are partitions, or units where the study's mixtures are of units. */
export const SearchRequestSchema = z.strictObject({
  /** Members left out or in, their branches all alike; or any shares of them. */
  over: z.enum(['subsets', 'weights']),
  /** Weights of domains in the loss that is to be least; of none: all the same. */
  target: numbers,
  /** Weights of domains in a second loss, against which the first is traded; null: there is none. */
  second: numbers.nullable(),
  /** Loss that a domain may have at most, nats per token. */
  atMost: numbers,
  /** Share that a member has at least, 0 … 1. */
  atLeast: numbers,
  /** Share that a member has at most, 0 … 1. */
  noMore: numbers,
  /** Members that a mixture has at least and at most; null: however many. */
  sizes: z.strictObject({ least: count, most: count }).nullable(),
  /** Tokens to train on; null: however many. A subset must not have more than these. */
  tokens: z.number().nullable(),
  /** How often tokens of a member may be read in training on `tokens`; null: any number of times. */
  repeat: z.number().nullable(),
  /** Mixtures told. */
  limit: count,
  /** Of the best so many are merged and measured, to be shown beside; 0: none. */
  rescore: count
})
export type SearchRequest = z.infer<typeof SearchRequestSchema>

/** The constraints of a request. */
const SearchConstraintSchema = z.enum(['atMost', 'atLeast', 'noMore', 'sizes', 'tokens', 'repeat'])
export type SearchConstraint = z.infer<typeof SearchConstraintSchema>

/** Mean nats per token on each half; null where that half has no document. */
const HalfLossesSchema = z.strictObject({
  choose: z.number().nullable(),
  confirm: z.number().nullable()
})
export type HalfLosses = z.infer<typeof HalfLossesSchema>

/** A mixture with what its ensemble makes of the domains. */
const FoundMixtureSchema = z.strictObject({
  /** As a study calls it. */
  mixture: z.string(),
  /** By member, as a study's list has it. */
  weights: numbers,
  /** By member, those without any left out; they sum to 1. */
  shares: numbers,
  /** Tokens that its members have. */
  tokens: z.number(),
  target: HalfLossesSchema,
  /** Of the second loss; null where none was asked about. */
  second: HalfLossesSchema.nullable(),
  domains: z.record(z.string(), HalfLossesSchema),
  /** Constraints that it does not keep to; none where it was searched for. */
  breaks: z.array(SearchConstraintSchema)
})
export type FoundMixture = z.infer<typeof FoundMixtureSchema>

/** A mixture before it has the name that a study calls it by. */
export type UnnamedMixture = Omit<FoundMixture, 'mixture' | 'weights'>

/** Why a mixture should be trained: it is best; it should come out worst of its size; it is least like the best. */
const VerifyReasonSchema = z.enum(['best', 'worst', 'unlike'])
export type VerifyReason = z.infer<typeof VerifyReasonSchema>

/** What the merge of a mixture costs where the ensemble put it among the best. */
const RescoredSchema = z.strictObject({
  mixture: z.string(),
  target: HalfLossesSchema,
  second: HalfLossesSchema.nullable()
})
export type Rescored = z.infer<typeof RescoredSchema>

const SearchResultSchema = z.strictObject({
  over: SearchRequestSchema.shape.over,
  members: z.array(z.string()),
  /** Weights of the domains, summing to 1; those of 0 left out. */
  target: numbers,
  second: numbers.nullable(),
  /** Subsets there are, and those that keep to the constraints (as what weights may be put on). */
  subsets: count,
  allowed: count,
  /** Tokens of the `choose` halves that are searched on, and how many were read of every subset. */
  tokens: count,
  tokensRead: count,
  /** Best first, by the target on the `choose` half, all tokens read. */
  best: z.array(FoundMixtureSchema),
  /**
   * Mixtures than which none is better in one of both losses and no worse in the other, the best in
   * the first one first; none where no second was asked about.
   */
  front: z.array(FoundMixtureSchema),
  /** All members: as much as each has, and each the same. */
  proportional: FoundMixtureSchema,
  uniform: FoundMixtureSchema,
  verify: z.array(FoundMixtureSchema.extend({ why: VerifyReasonSchema }))
})

/** A mixture that says much about the proxy when it is trained. */
export type Verified<Mixture> = Mixture & { why: VerifyReason }

type Lists = 'best' | 'front' | 'proportional' | 'uniform' | 'verify'
export type SearchResult<Mixture = FoundMixture> = Omit<
  z.infer<typeof SearchResultSchema>,
  Lists
> & {
  best: Mixture[]
  front: Mixture[]
  proportional: Mixture
  uniform: Mixture
  verify: Verified<Mixture>[]
}

/** What was found, with what is known of the proxy's word. */
export const SearchedMixturesSchema = SearchResultSchema.extend({
  /** The best again by their merges, so many as were asked about. */
  rescored: z.array(RescoredSchema),
  /** By truth budget: how the ensemble did on trained mixtures. */
  believed: z.array(ComparisonSchema),
  /** True where mixtures are trained, but their ensembles are not measured yet. */
  lacksEnsembles: z.boolean()
})
export type SearchedMixtures = z.infer<typeof SearchedMixturesSchema>
