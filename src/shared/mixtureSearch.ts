/** A search for mixtures: what is asked, and what was found. */

/** What a search is asked. Members are partitions, or units where the study's mixtures are of units. */
export interface SearchRequest {
  /** Members left out or in, their branches all alike; or any shares of them. */
  over: 'subsets' | 'weights'
  /** Weights of domains in the loss that is to be least; of none: all the same. */
  target: Record<string, number>
  /** Loss that a domain may have at most, nats per token. */
  atMost: Record<string, number>
  /** Share that a member has at least, 0 … 1. */
  atLeast: Record<string, number>
  /** Tokens to train on; null: however many. A subset must not have more than these. */
  tokens: number | null
  /** How often tokens of a member may be read in training on `tokens`; null: any number of times. */
  repeat: number | null
  /** Mixtures told. */
  limit: number
}

/** The constraints of a request. */
export type SearchConstraint = 'atMost' | 'atLeast' | 'tokens' | 'repeat'

/** Mean nats per token on each half; null where that half has no document. */
export interface HalfLosses {
  choose: number | null
  confirm: number | null
}

/** A mixture with what its ensemble makes of the domains. */
export interface FoundMixture {
  /** As a study calls it. */
  mixture: string
  /** By member, those without any left out; they sum to 1. */
  shares: Record<string, number>
  /** Tokens that its members have. */
  tokens: number
  target: HalfLosses
  domains: Record<string, HalfLosses>
  /** Constraints that it does not keep to; none where it was searched for. */
  breaks: SearchConstraint[]
}

/** A mixture before it has the name that a study calls it by. */
export type UnnamedMixture = Omit<FoundMixture, 'mixture'>

/** Why a mixture should be trained: it is best; it should come out worst of its size; it is least like the best. */
export type VerifyReason = 'best' | 'worst' | 'unlike'

/** A mixture that says much about the proxy when it is trained. */
export type Verified<Mixture> = Mixture & { why: VerifyReason }

export interface SearchResult<Mixture = FoundMixture> {
  over: SearchRequest['over']
  members: string[]
  /** Weights of the domains, summing to 1; those of 0 left out. */
  target: Record<string, number>
  /** Subsets there are, and those that keep to the constraints (as what weights may be put on). */
  subsets: number
  allowed: number
  /** Tokens of the `choose` halves that are searched on, and how many were read of every subset. */
  tokens: number
  tokensRead: number
  /** Best first, by the target on the `choose` half, all tokens read. */
  best: Mixture[]
  /** All members: as much as each has, and each the same. */
  proportional: Mixture
  uniform: Mixture
  verify: Verified<Mixture>[]
}
