/** Stored text as a screen looks at it: texts, their documents, lengths and tokens. */
import { z } from 'zod'
import { CorpusRoleSchema } from './records'

const count = z.number().int().nonnegative()

/** One text of a project: a training partition, seed text, or text of an evaluation corpus. */
export const TextNameSchema = z.strictObject({ role: CorpusRoleSchema, name: z.string() })
export type TextName = z.infer<typeof TextNameSchema>

/** So many documents, UTF-8 bytes and tokens; null where they were never tokenised. */
export const TextAmountSchema = z.strictObject({
  documents: count,
  bytes: count,
  tokens: count.nullable()
})
export type TextAmount = z.infer<typeof TextAmountSchema>

/** What becomes of a document under a study; `leftOver`: beyond the last base unit. */
export const FateSchema = z.enum(['training', 'leftOver', 'heldOut', 'duplicate', 'unused'])
export type Fate = z.infer<typeof FateSchema>

/** Where the documents of a text go; the four parts add up to what was imported. */
export const StoredTextSchema = TextNameSchema.extend({
  /** False where the study leaves it out; then all but its duplicates is `unused`. */
  isUsed: z.boolean(),
  imported: z.strictObject({ documents: count, bytes: count }),
  /** Tokens: of the training stream, one end-of-text per document included. */
  training: TextAmountSchema,
  heldOut: TextAmountSchema,
  duplicates: TextAmountSchema,
  unused: TextAmountSchema
})
export type StoredText = z.infer<typeof StoredTextSchema>

/** All texts of a project under one study. */
export const StoredTextsSchema = z.strictObject({
  /** True when every text that the study trains on has its token stream. */
  isTokenized: z.boolean(),
  texts: z.array(StoredTextSchema)
})
export type StoredTexts = z.infer<typeof StoredTextsSchema>

/** Documents by length; a bin holds lengths from `from` up to, not including, `to`. */
export const LengthBinsSchema = z.array(
  z.strictObject({ from: count, to: count, documents: count })
)
export type LengthBins = z.infer<typeof LengthBinsSchema>

/** How long the documents of a text are, and of which years. */
export const TextLengthsSchema = TextNameSchema.extend({
  bytes: LengthBinsSchema,
  /** Null before the text is tokenised, and where the study leaves it out. */
  tokens: LengthBinsSchema.nullable(),
  medianBytes: z.number().nullable(),
  medianTokens: z.number().nullable(),
  /** The kept field that holds a year or a date; null when none does. */
  yearField: z.string().nullable(),
  years: z.array(z.strictObject({ year: z.number().int(), documents: count }))
})
export type TextLengths = z.infer<typeof TextLengthsSchema>

/** All texts, with their tokens and lengths counted. */
export const MeasuredTextsSchema = StoredTextsSchema.extend({ lengths: z.array(TextLengthsSchema) })
export type MeasuredTexts = z.infer<typeof MeasuredTextsSchema>

/** Names one document for ever: its corpus, partition and place in the import. */
export const DocumentNameSchema = z.strictObject({
  corpus: z.string(),
  partition: z.string(),
  document: count
})
export type DocumentName = z.infer<typeof DocumentNameSchema>

/** One line of a list of documents. */
export const DocumentLineSchema = DocumentNameSchema.extend({
  bytes: count,
  /** Without the end-of-text; null until they are counted. */
  tokens: count.nullable(),
  fate: FateSchema,
  /** The base unit it begins in; null when it is in none, or that is not known yet. */
  unit: z.string().nullable(),
  /** Kept fields, each as text. */
  fields: z.record(z.string(), z.string()),
  /** Its first line with text, or what stands around the first match of a search. */
  preview: z.string(),
  /** Matches in it; 0 in a list that is not of a search. */
  matches: count
})
export type DocumentLine = z.infer<typeof DocumentLineSchema>

const closedRange = z.strictObject({ from: z.number(), to: z.number() })

/** Which documents of a text are wanted. */
export const DocumentFilterSchema = z.strictObject({
  fate: FateSchema.optional(),
  bytes: closedRange.optional(),
  tokens: closedRange.optional(),
  years: closedRange.optional()
})
export type DocumentFilter = z.infer<typeof DocumentFilterSchema>

/** `import`: as they were read, for ever; ties of lengths keep that order. */
export const DocumentOrderSchema = z.enum(['import', 'longest', 'shortest'])
export type DocumentOrder = z.infer<typeof DocumentOrderSchema>

/** A part of a list of documents. */
export const DocumentListSchema = z.strictObject({
  /** Documents that pass the filter. */
  total: count,
  lines: z.array(DocumentLineSchema)
})
export type DocumentList = z.infer<typeof DocumentListSchema>

/** What one call of a search found; it goes on from `next`. */
export const FoundDocumentsSchema = z.strictObject({
  lines: z.array(DocumentLineSchema),
  /** Bytes looked through by this call, and of all documents that pass the filter. */
  scannedBytes: count,
  totalBytes: count,
  /** Where the next call begins; null when all was looked through. */
  next: count.nullable()
})
export type FoundDocuments = z.infer<typeof FoundDocumentsSchema>

/**
 * Where tokens end in a text, as offsets of its UTF-16 units. Tokens that spell parts of one
 * character share an end, so an end has one id or more; the spans between ends are the whole text.
 */
export const TokenEndsSchema = z.strictObject({
  ends: z.array(count),
  ids: z.array(z.array(count))
})
export type TokenEnds = z.infer<typeof TokenEndsSchema>

/** One document with its text, of which at most a megabyte is given. */
export const StoredDocumentSchema = DocumentNameSchema.extend({
  text: z.string(),
  bytes: count,
  isCut: z.boolean(),
  fate: FateSchema,
  unit: z.string().nullable(),
  fields: z.record(z.string(), z.string()),
  /** Null before the study has a tokenizer. */
  tokens: TokenEndsSchema.nullable()
})
export type StoredDocument = z.infer<typeof StoredDocumentSchema>

/** What a partition would be cut into by some unit size. */
export const PartitionUnitsSchema = z.strictObject({
  partition: z.string(),
  /** Tokens of its stream; null before it is tokenised. */
  tokens: count.nullable(),
  /** Sequences of each base unit. */
  units: z.array(z.number().int().positive()),
  /** Tokens that units read, and those beyond the last. */
  unitTokens: count,
  leftOverTokens: count,
  /** Why it cannot be cut, in words; null when it can. */
  problem: z.string().nullable()
})
export type PartitionUnits = z.infer<typeof PartitionUnitsSchema>

/** What a unit size would give, before it is saved. */
export const UnitPreviewSchema = z.strictObject({
  sequences: z.number().int().positive(),
  /** Predicted tokens of one base unit. */
  partitions: z.array(PartitionUnitsSchema),
  /** The seed's text, one unit of its token budget; null where the seed reads none. */
  seed: PartitionUnitsSchema.nullable(),
  /** The largest size at which every partition has a unit; 0: at none, or not known. */
  mostForAll: count,
  /** The largest size at which any has one. */
  mostForAny: count,
  /** Finished runs of the study as it is saved, and those that this size has no use for. */
  finishedRuns: count,
  unusedRuns: count
})
export type UnitPreview = z.infer<typeof UnitPreviewSchema>

const ofStudy = z.strictObject({ study: z.string() })

/** Commands about stored text; workers of their own answer them, so nothing waits for training. */
export const TEXT_COMMANDS = {
  readTexts: { input: ofStudy, output: StoredTextsSchema },
  /** Of all texts at once; counts tokens the first time, told as progress under the key `count`. */
  readLengths: { input: ofStudy, output: MeasuredTextsSchema },
  /** A page of a text's documents, in an order that stays. */
  listDocuments: {
    input: ofStudy.extend({
      text: TextNameSchema,
      from: count,
      count: count.max(500),
      order: DocumentOrderSchema,
      filter: DocumentFilterSchema
    }),
    output: DocumentListSchema
  },
  /** Looks through a few megabytes per call: ask again from `next`, or no more to cancel. */
  searchDocuments: {
    input: ofStudy.extend({
      text: TextNameSchema,
      words: z.string().min(1).max(1000),
      from: count,
      filter: DocumentFilterSchema
    }),
    output: FoundDocumentsSchema
  },
  readDocument: {
    input: ofStudy.extend({ ...DocumentNameSchema.shape, withTokens: z.boolean() }),
    output: StoredDocumentSchema
  },
  /** What a unit size would give; nothing is saved. */
  previewUnits: {
    input: ofStudy.extend({ sequences: z.number().int().positive() }),
    output: UnitPreviewSchema
  }
} as const
