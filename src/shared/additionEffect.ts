/** What adding one member to mixtures does to a loss, as it is told and drawn. */
import type { BudgetKind, DomainKind } from './records'

/** Over all pairs of mixtures with a member and without it; changes in nats per token. */
export interface AdditionEffect {
  /** The member that one of each pair has more. */
  added: string
  domain: string
  domainKind: DomainKind | 'mean'
  /** A proxy, or `sequential`. */
  of: string
  /** Truth budget of `sequential`; of a proxy set where only pairs count that are both trained. */
  budget: BudgetKind | null
  pairs: number
  mean: number
  least: number
  lowerQuartile: number
  median: number
  upperQuartile: number
  most: number
  /** Share of pairs in which the loss falls. */
  helps: number
  /** Each of them, sorted; null where they are many. */
  changes: number[] | null
}

/** How changes are to be read: mixtures of two sizes stand behind each. */
export const EFFECTS_CAUTION =
  'Compare partitions with one another rather than with 0: the mixture with one more merges another branch, ' +
  'and with the sum budget its sequential model is trained longer, which shifts all changes of one size alike.'
