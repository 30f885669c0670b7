/** What a study made from somebody's tables holds: weights and losses, and nothing else. */
import { z } from 'zod'
import { BudgetKindSchema, DomainKindSchema } from './records'

const count = z.number().int().nonnegative()

/** How tables may be laid out; docs/tables.md has their columns. */
export const TABLE_LAYOUTS = ['long', 'ratios', 'wide'] as const
export const TableLayoutSchema = z.enum(TABLE_LAYOUTS)
export type TableLayout = z.infer<typeof TableLayoutSchema>

/** Proxies that tables may hold values of; `proxy` is any that has no name here. */
export const TABLE_PROXIES = [
  'merge-micro',
  'merge-macro',
  'ensemble',
  'branch-mean',
  'branch-mean-log',
  'best-branch',
  'proxy'
] as const
export type TableProxy = (typeof TABLE_PROXIES)[number]

/** What a value is of: a model trained on the mixture, a proxy of it, or the seed model. */
export const TABLE_ROLES = ['sequential', ...TABLE_PROXIES, 'seed'] as const
export const TableRoleSchema = z.enum(TABLE_ROLES)
export type TableRole = z.infer<typeof TableRoleSchema>

/** `tables.json`: written once, when the tables are imported. */
export const ImportedTablesSchema = z.strictObject({
  format: z.literal('assay-tables'),
  version: z.literal(1),
  layout: TableLayoutSchema,
  /** Budget that the sequential models are said to have. */
  budget: BudgetKindSchema,
  files: z.array(z.strictObject({ name: z.string(), sha256: z.string(), rows: count })),
  partitions: z.array(z.string()),
  /** `partition`: the one it is held out of. */
  domains: z.array(
    z.strictObject({
      name: z.string(),
      kind: DomainKindSchema,
      partition: z.string().nullable()
    })
  ),
  /** Weights in the order of `partitions`, with sum 1; without a name it is called by its weights. */
  mixtures: z.array(
    z.strictObject({ name: z.string().nullable(), weights: z.array(z.number().nonnegative()) })
  ),
  models: z.array(
    z.strictObject({
      role: TableRoleSchema,
      /** Place of its mixture; null for the seed model. */
      mixture: count.nullable(),
      /** As the tables have them; null where they say nothing of it. */
      randomSeeds: z.array(z.string().nullable()),
      /** Nats per token by domain, then random seed; null where it was not measured. */
      losses: z.array(z.array(z.number().nullable()))
    })
  ),
  /** What was made of the tables besides reading them, in words. */
  notes: z.array(z.string())
})
export type ImportedTables = z.infer<typeof ImportedTablesSchema>
