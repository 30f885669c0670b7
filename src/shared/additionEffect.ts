/** What adding one member to mixtures does to a loss, as it is told and drawn. */
import { z } from 'zod'
import { csvTable } from './csvText'
import { BudgetKindSchema, DomainKindSchema } from './records'
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

const change = z.number().nullable()

/** What adding one member does to one mixture; changes by domain, in nats per token. */
const AdditionPairSchema = z.strictObject({
  /** The mixture, and the same with the member. */
  without: z.string(),
  with: z.string(),
  /** Members of the mixture before. */
  size: z.number().int().positive(),
  /** By the proxy; null where one of both is not measured. */
  changes: z.array(change),
  /** By sequential models; null where not both are trained. */
  trained: z.array(change)
})
export type AdditionPair = z.infer<typeof AdditionPairSchema>

/**
 * What adding one member does to every mixture that is measured with it and without it; `proxy` null
 * where none is in the unit of losses.
 */
export const AdditionPairsSchema = z.strictObject({
  added: z.string(),
  /** Members that can be asked about. */
  members: z.array(z.string()),
  proxy: z.string().nullable(),
  /** Truth budget of `trained`: the study's first. */
  budget: BudgetKindSchema,
  /** The mean over all domains first. */
  domains: z.array(
    z.strictObject({ name: z.string(), kind: z.union([DomainKindSchema, z.literal('mean')]) })
  ),
  /** What is helped most on the mean first. */
  pairs: z.array(AdditionPairSchema)
})
export type AdditionPairs = z.infer<typeof AdditionPairsSchema>

/** How changes are to be read: mixtures of two sizes stand behind each. */
export const EFFECTS_CAUTION =
  'Compare partitions with one another rather than with 0: the mixture with one more merges another branch, ' +
  'and with the sum budget its sequential model is trained longer, which shifts all changes of one size alike.'

/** Every change as CSV: a row per mixture and domain. */
export function additionPairsCsv({ added, proxy, budget, domains, pairs }: AdditionPairs): string {
  const columns = ['added', 'without', 'with', 'size', 'domain', 'domain_kind', 'proxy']
  const changes = ['change_proxy', 'budget', 'change_sequential']
  return csvTable(
    [...columns, ...changes],
    pairs.flatMap((pair) =>
      domains.map(({ name, kind }, i) => [
        ...[added, pair.without, pair.with, pair.size, name, kind, proxy],
        ...[pair.changes[i]!, budget, pair.trained[i]!]
      ])
    )
  )
}
