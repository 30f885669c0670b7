/** What text became for one study: base units, held-out domains, the token ledger, overlaps. */
import { z } from 'zod'
import { FingerprintSchema } from './fingerprints'

const count = z.number().int().nonnegative()
const positive = z.number().int().positive()

export const DomainKindSchema = z.enum(['in', 'seed', 'out'])
export type DomainKind = z.infer<typeof DomainKindSchema>

/** An equal-sized piece of a partition; the one thing a branch is trained on. */
export const BaseUnitSchema = z.strictObject({
  /** `partition#1`, counted from 1. */
  name: z.string(),
  partition: z.string(),
  /** SHA-256 of its token sequences. */
  fingerprint: FingerprintSchema,
  /**
   * Fingerprint of the token folder (`tokens/<fingerprint>/`) that holds it; empty where its text is
   * elsewhere and its model alone was imported.
   */
  tokens: z.union([FingerprintSchema, z.literal('')]),
  /** First sequence in the partition's stream, and how many. */
  firstSequence: count,
  sequences: positive,
  /** Sequences from one of its own to the next; 1 when left out. */
  stride: positive.optional(),
  /** Set for a part of a base unit: the whole that it is cut from, and which part of how many. */
  partOf: z
    .strictObject({
      name: z.string(),
      fingerprint: FingerprintSchema,
      firstSequence: count,
      sequences: positive,
      place: count,
      parts: positive
    })
    .optional()
})
export type BaseUnit = z.infer<typeof BaseUnitSchema>

/** Other answers to a task's items: measured beside the domain, which holds the right ones. */
export const TaskChoicesSchema = z.strictObject({
  /** SHA-256 of their tokens; names their folder under `tokens/`. */
  fingerprint: FingerprintSchema,
  /** Items that have choices. */
  items: positive,
  /** Answers besides the right ones. */
  answers: positive,
  tokens: positive,
  /** Of the contexts before them, seen and not scored. */
  contextTokens: count
})
export type TaskChoices = z.infer<typeof TaskChoicesSchema>

/** A held-out domain, ready to be measured. */
export const HeldOutDomainSchema = z.strictObject({
  name: z.string(),
  kind: DomainKindSchema,
  /** The training partition it is held out of; absent for external ones. */
  partition: z.string().optional(),
  /** SHA-256 of its documents' tokens; names its folder under `tokens/`. */
  fingerprint: FingerprintSchema,
  documents: positive,
  tokens: positive,
  bytes: positive,
  /** Documents with over half of their 13-grams in training text. */
  overlapping: count,
  /** Exact duplicates removed from the partition or corpus it is taken from. */
  duplicatesRemoved: count,
  /** Of a task: tokens of its items' contexts, seen and not scored. */
  contextTokens: count.optional(),
  /** Of a task of which the other answers are known too. */
  choices: TaskChoicesSchema.optional()
})
export type HeldOutDomain = z.infer<typeof HeldOutDomainSchema>

/** What is measured of a model at once: a domain, or the other answers to its items. */
export interface MeasuredPart {
  name: string
  fingerprint: string
}

/** All that a model of a study is measured on: domains, each before the other answers to its items. */
export function measuredParts(domains: readonly HeldOutDomain[]): MeasuredPart[] {
  return domains.flatMap(({ name, fingerprint, choices }) => [
    { name, fingerprint },
    ...(choices ? [{ name, fingerprint: choices.fingerprint }] : [])
  ])
}

/** Tokens that a model reads to be measured on domains, those that are seen and not scored too. */
export function tokensRead(domains: readonly HeldOutDomain[]): number {
  return domains.reduce((sum, { tokens, contextTokens = 0, choices }) => {
    const others = choices ? choices.tokens + choices.contextTokens : 0
    return sum + tokens + contextTokens + others
  }, 0)
}

/** One partition in the token ledger of a study. */
export const PreparedPartitionSchema = z.strictObject({
  name: z.string(),
  /** Documents and bytes kept for training. */
  documents: count,
  bytes: count,
  /** Tokens in the training stream, EOS included. */
  tokens: count,
  baseUnits: z.array(BaseUnitSchema),
  leftOverTokens: count,
  heldOutDocuments: count,
  heldOutBytes: count,
  heldOutTokens: count,
  duplicatesRemoved: count,
  duplicateBytes: count
})
export type PreparedPartition = z.infer<typeof PreparedPartitionSchema>

/** Overlap of one partition's training text with one domain, in 13-grams of words. */
export const OverlapSchema = z.strictObject({
  partition: z.string(),
  domain: z.string(),
  /** Distinct 13-grams of the domain, and how many of them the partition holds. */
  grams: count,
  sharedGrams: count,
  documents: count,
  overlappingDocuments: count
})
export type Overlap = z.infer<typeof OverlapSchema>

/** Everything that text became for one study. */
export const PreparedSchema = z.strictObject({
  tokenizer: z.strictObject({
    fingerprint: FingerprintSchema,
    vocabularySize: positive,
    endOfTextId: count
  }),
  partitions: z.array(PreparedPartitionSchema),
  seed: PreparedPartitionSchema.nullable(),
  domains: z.array(HeldOutDomainSchema),
  overlaps: z.array(OverlapSchema)
})
export type Prepared = z.infer<typeof PreparedSchema>
