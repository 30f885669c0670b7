/** The records of a project, exactly as stored and as shown. Plain data; no behaviour. */
import { z } from 'zod'
import { FingerprintSchema } from './fingerprints'
import { ChosenBySchema } from './chosenBy'
import { ExecutorSchema } from './executors'
import { ImportedModelsSchema } from './importedModels'
import { DomainKindSchema } from './preparedText'
import { LONGEST_NAME, NAME_PATTERN } from './names'
import { DecoderShapeSchema, RecipeSchema } from './recipe'
import { SeriesOriginSchema } from './series'
import { TrainerSchema } from './trainer'

/** Version of the study format and of `project.assay`; a newer one is refused, never guessed. */
export const STUDY_VERSION = 1
export const PROJECT_VERSION = 4

const count = z.number().int().nonnegative()
const positive = z.number().int().positive()
const name = z
  .string()
  .min(1)
  .max(LONGEST_NAME)
  .regex(NAME_PATTERN, 'a name may not hold +, *, #, control characters or such that turn text')

export {
  DomainKindSchema,
  HeldOutDomainSchema,
  PreparedPartitionSchema,
  OverlapSchema,
  PreparedSchema
} from './preparedText'
export type {
  DomainKind,
  BaseUnit,
  HeldOutDomain,
  PreparedPartition,
  Overlap,
  Prepared
} from './preparedText'
export { RecipeSchema } from './recipe'
export type { DecoderConfig, DecoderShape, Recipe } from './recipe'

// ── study ────────────────────────────────────────────────────────────────────────────────────

export const TokenizerChoiceSchema = z.discriminatedUnion('kind', [
  /** Trains a byte-level BPE on a sample of seed text and all partitions, once. */
  z.strictObject({
    kind: z.literal('train'),
    vocabularySize: positive.min(257).max(30000),
    sampleBytes: positive.default(10_000_000)
  }),
  /** Brings a `tokenizer.json`; `fingerprint` is filled in when it is copied into the project. */
  z.strictObject({
    kind: z.literal('file'),
    path: z.string(),
    endOfText: z.string().optional()
  })
])

export const SeedChoiceSchema = z.discriminatedUnion('source', [
  z.strictObject({
    source: z.literal('text'),
    /** Name of a corpus imported with role `seed`. */
    corpus: name,
    tokenBudget: positive,
    recipe: RecipeSchema
  }),
  /** Starts from a Hugging Face folder. */
  z.strictObject({ source: z.literal('checkpoint'), path: z.string() }),
  /** Random initial weights, shared by all branches. */
  z.strictObject({ source: z.literal('none') })
])

export const UnitChoiceSchema = z.strictObject({
  /** Sequences of T predicted tokens in each base unit. */
  sequences: positive,
  /** Order of documents inside a partition before cutting: shuffled, or by a field's value. */
  orderBy: z.string().nullable().default(null),
  /** What becomes of text beyond the last whole unit. */
  leftOver: z.enum(['drop', 'short', 'join']).default('drop'),
  /** What becomes of a partition with less than one unit: an error, or one short, repeated unit. */
  tooSmall: z.enum(['error', 'short', 'drop']).default('error'),
  /** At most this many units of one partition; null: as many as there are. */
  maximum: positive.nullable().default(null),
  /** Interleaved parts that every unit is cut into for its branches: one branch for each. */
  parts: positive.default(1)
})
export type UnitChoice = z.infer<typeof UnitChoiceSchema>

export const HoldOutChoiceSchema = z.strictObject({
  /** Share of each partition's documents held out, by hash of the document. */
  share: z.number().min(0).lt(1).default(0.05),
  /** Field whose equal values stay on one side (threads, repositories, authors). */
  by: z.string().nullable().default(null),
  /** Predicted tokens measured per domain at most; whole documents, in hash order. */
  tokenCap: positive.default(50_000)
})

export const MixtureChoiceSchema = z.strictObject({
  over: z.enum(['partitions', 'units']).default('partitions'),
  choose: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('all'),
      minimumSize: positive.default(1),
      maximumSize: positive.optional()
    }),
    z.strictObject({ kind: z.literal('sizes'), sizes: z.array(positive).min(1) }),
    z.strictObject({ kind: z.literal('leave-one-out') }),
    /** Each mixture: a name of partition or unit → weight. Equal weights mean an unweighted one. */
    z.strictObject({
      kind: z.literal('list'),
      list: z.array(z.record(z.string(), z.number())).min(1)
    }),
    z.strictObject({
      kind: z.literal('random'),
      count: positive,
      minimumSize: positive.default(2),
      maximumSize: positive.optional()
    })
  ]),
  /** Mixtures added by hand, each as in a list: they stand beside what `choose` gives. */
  added: z.array(z.record(z.string(), z.number())).default([])
})
export type MixtureChoice = z.infer<typeof MixtureChoiceSchema>

export const BudgetKindSchema = z.enum(['sum', 'fixed'])
export type BudgetKind = z.infer<typeof BudgetKindSchema>

export const SequentialChoiceSchema = z.strictObject({
  choose: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('all') }),
    z.strictObject({ kind: z.literal('none') }),
    z.strictObject({ kind: z.literal('list'), mixtures: z.array(z.string()).min(1) }),
    /** Drawn by the study's random seed, spread over sizes as evenly as can be. */
    z.strictObject({ kind: z.literal('random'), count: positive })
  ]),
  /** Names of mixtures that the user picked, trained besides those of `choose`. */
  added: z.array(z.string()).default([]),
  /** Names of mixtures that a search by a proxy told to train, besides those of `choose`. */
  top: z.array(z.string()).default([]),
  /** Names of mixtures that a diagnosis proposed since they tell most, trained besides these. */
  design: z.array(z.string()).default([]),
  /** `sum`: the sum of the units' budgets (the paper's); `fixed`: the same for every mixture. */
  budgets: z.array(BudgetKindSchema).min(1).default(['sum']),
  /** Tokens of a fixed budget; null: two base units' worth. */
  fixedTokens: positive.nullable().default(null),
  /** Recipe of sequential models; null: that of branches. */
  recipe: RecipeSchema.nullable().default(null)
})
export type SequentialChoice = z.infer<typeof SequentialChoiceSchema>

const RepeatChoiceSchema = z.strictObject({
  /** Random seeds besides the study's own; each trains the same text in another order. */
  randomSeeds: z.array(count).max(20).default([]),
  /** Whether every branch is trained again: their noise is shared by all merges. */
  branches: z.boolean().default(true),
  /** So many sequential models of the study are trained again, the first in the order of training. */
  sequential: count.default(8)
})
/**
 * How branches are weighted in a merge: every base unit the same, every partition the same, or
 * between them, each partition by the τ-th power of its base units (micro is τ = 1, macro τ = 0).
 */
export const MergeKindSchema = z.union([
  z.enum(['micro', 'macro']),
  z.templateLiteral(['tau-0.', z.string().regex(/\d{0,2}[1-9]/)])
])
export type MergeKind = z.infer<typeof MergeKindSchema>

export const StudySchema = z.strictObject({
  version: z.literal(STUDY_VERSION),
  name,
  randomSeed: count.default(1),
  tokenizer: TokenizerChoiceSchema,
  model: DecoderShapeSchema,
  seed: SeedChoiceSchema,
  /** Recipe of branches, and of sequential models without one of their own. */
  branch: RecipeSchema,
  /** Names of training partitions, or all that are in the project. */
  partitions: z.union([z.literal('all'), z.array(name).min(1)]).default('all'),
  /** Set: their documents are shuffled into as many random partitions of the same sizes. */
  shuffledPartitions: z.literal(true).optional(),
  unit: UnitChoiceSchema,
  holdOut: HoldOutChoiceSchema.prefault({}),
  /** External evaluation corpora measured besides each partition's held-out part; all by default. */
  domains: z.union([z.literal('all'), z.array(name)]).default('all'),
  /** Exact duplicates inside training text; between training and held-out text they always go. */
  duplicates: z.enum(['remove', 'keep']).default('remove'),
  mixtures: MixtureChoiceSchema,
  sequential: SequentialChoiceSchema,
  /** What is trained again with other random seeds, to tell noise from disagreement. */
  repeats: RepeatChoiceSchema.prefault({}),
  merges: z.array(MergeKindSchema).min(1).default(['micro', 'macro']),
  evaluation: z
    .strictObject({
      /** Documents' windows per forward pass. */
      batchSize: positive.default(16),
      /** Steps between measurements of the held-out part during training; null: none. */
      everySteps: positive.nullable().default(null),
      /** Shares of a branch's steps after which its weights are kept too, for agreement at them. */
      branchCheckpoints: z.array(z.number().gt(0).lt(1)).max(9).default([])
    })
    .prefault({}),
  /** Set where branches and sequential models were trained elsewhere: nothing is trained here. */
  models: ImportedModelsSchema.optional(),
  /** Where its runs are done; on this machine when left out. No result depends on it. */
  executor: ExecutorSchema.optional(),
  /** What trains its runs in place of Assay itself. Part of what a run is. */
  trainer: TrainerSchema.optional(),
  /** Set where the study was made as one of a series. */
  series: SeriesOriginSchema.optional()
})
export type Study = z.infer<typeof StudySchema>
/** A study as a person writes it: defaults left out. */
export type StudyDraft = z.input<typeof StudySchema>

// ── corpora ──────────────────────────────────────────────────────────────────────────────────

/** How documents of an import are told apart into partitions. First match wins. */
export const PartitionRuleSchema = z.discriminatedUnion('kind', [
  /** Everything is one partition of this name. */
  z.strictObject({ kind: z.literal('one'), name }),
  /** The value of a field, dots for nesting (`metadata.year`). */
  z.strictObject({ kind: z.literal('field'), field: z.string() }),
  z.strictObject({ kind: z.literal('file') }),
  z.strictObject({ kind: z.literal('folder') }),
  /** Closed ranges over a numeric field, or over the year of a date: `[2010, 2014]`. */
  z.strictObject({
    kind: z.literal('range'),
    field: z.string(),
    ranges: z.array(z.strictObject({ name, from: z.number(), to: z.number() })).min(1)
  }),
  /** DuckDB conditions over the columns of the file. */
  z.strictObject({
    kind: z.literal('condition'),
    conditions: z.array(z.strictObject({ name, sql: z.string() })).min(1)
  })
])
export type PartitionRule = z.infer<typeof PartitionRuleSchema>

export const CorpusRoleSchema = z.enum(['training', 'seed', 'evaluation'])
export type CorpusRole = z.infer<typeof CorpusRoleSchema>

/** What one partition of an import came to. */
export const PartitionLedgerSchema = z.strictObject({
  name: z.string(),
  documents: count,
  /** UTF-8 bytes of text. */
  bytes: count
})

/** Name of the partition that takes the documents that no rule matched. */
export const REMAINDER = '(remainder)'

export const CorpusSchema = z.strictObject({
  name,
  role: CorpusRoleSchema,
  /** For evaluation corpora: whether like the seed's text or like neither. */
  domainKind: DomainKindSchema.optional(),
  /** SHA-256 of names and contents of the stored documents; names the folder under `corpora/`. */
  fingerprint: FingerprintSchema,
  /** Where the text came from; a label, not a path that is read again (unless `inPlace`). */
  source: z.string(),
  inPlace: z.boolean().default(false),
  /** Set for evaluation corpora of contexts with right answers, of which the answers are measured. */
  isTask: z.literal(true).optional(),
  /** Set for pre-tokenised text: the tokenizer that made its ids. */
  tokenizerFingerprint: FingerprintSchema.optional(),
  partitions: z.array(PartitionLedgerSchema),
  /** Documents read, those without text left out as `empty`, lines skipped by `--skip-bad-lines`. */
  documents: count,
  bytes: count,
  empty: count,
  badLines: count
})
export type Corpus = z.infer<typeof CorpusSchema>

// ── mixtures, runs, measurements ─────────────────────────────────────────────────────────────

/** A choice of base units with weights: a candidate training set. */
export interface Mixture {
  /** Sorted names joined by `+`, weights as `name*0.25`; over 120 characters `m:` + 12 hex. */
  name: string
  /** Partitions or units it is made of, sorted; `weight` null when all count the same. */
  members: { name: string; weight: number | null }[]
  /** Its base units; both weights sum to 1 over the mixture. */
  units: { unit: string; partition: string; microWeight: number; macroWeight: number }[]
}

export const RunRoleSchema = z.enum(['seed', 'branch', 'sequential'])
export type RunRole = z.infer<typeof RunRoleSchema>

export { ChosenBySchema } from './chosenBy'
export type { ChosenBy } from './chosenBy'

export const RunStateSchema = z.enum(['waiting', 'running', 'stopped', 'done', 'failed'])

/** The head of a run: small enough for lowdb. Its curve and weights lie in `runs/<fingerprint>/`. */
export const RunSchema = z.strictObject({
  fingerprint: FingerprintSchema,
  role: RunRoleSchema,
  /** Readable: `seed`, a base unit's name, or the mixture's name with its budget. */
  name: z.string(),
  mixture: z.string().nullable(),
  budget: BudgetKindSchema.nullable(),
  chosenBy: ChosenBySchema.nullable().default(null),
  baseUnits: count,
  tokens: count,
  steps: count,
  state: RunStateSchema,
  /** Mean training loss of the last tenth of steps, in nats per token. */
  finalLoss: z.number().nullable(),
  elapsedMs: z.number().nonnegative(),
  tokensPerSecond: z.number().nonnegative(),
  backend: z.string().nullable(),
  device: z.string().nullable(),
  threads: count.nullable(),
  host: z.string().nullable(),
  error: z.strictObject({ code: z.string(), message: z.string() }).nullable()
})
export type Run = z.infer<typeof RunSchema>

/** What training came to: the part of a run's head that is known only when it ends. */
export const RunResultSchema = RunSchema.pick({
  finalLoss: true,
  elapsedMs: true,
  tokensPerSecond: true,
  backend: true,
  device: true,
  threads: true,
  host: true
})
export type RunResult = z.infer<typeof RunResultSchema>

/** What training came to of a run that has not begun, or that was trained elsewhere. */
export const UNTRAINED: RunResult = {
  finalLoss: null,
  elapsedMs: 0,
  tokensPerSecond: 0,
  backend: null,
  device: null,
  threads: null,
  host: null
}

/** `proxy`: what a table says of a mixture, whatever model it came of. */
export const ModelRoleSchema = z.enum([
  'seed',
  'branch',
  'merge',
  'ensemble',
  'proxy',
  'sequential'
])
export type ModelRole = z.infer<typeof ModelRoleSchema>

/** What one model costs on one domain, document by document. */
export const MeasurementSchema = z.strictObject({
  /** Fingerprint of the model: a run's, or that of a merge (branches with weights). */
  model: z.string(),
  /** Fingerprint of the domain. */
  domain: z.string(),
  /** Window, stride, BOS, padding: the definition's fingerprint, part of the identity. */
  definition: z.string(),
  /** Nats summed per document, in the domain's order. */
  nats: z.array(z.number())
})
export type Measurement = z.infer<typeof MeasurementSchema>

/** A domain's documents as measurements need them, in one order for ever. */
export interface DomainDocuments {
  /** Predicted tokens of each document. */
  tokens: number[]
  /** UTF-8 bytes of each document's text. */
  bytes: number[]
  /** `choose` for search and ranking, `confirm` for final numbers. */
  half: ('choose' | 'confirm')[]
  /** True when over half of its 13-grams stand in training text. */
  isOverlapping: boolean[]
}

/** One step of a run's curve. */
export const TracePointSchema = z.strictObject({
  step: count,
  tokens: count,
  /** Mean nats per token of the step's batch, before the update. */
  loss: z.number(),
  learningRate: z.number(),
  /** Not told by every trainer. */
  gradientNorm: z.number().optional(),
  tokensPerSecond: z.number(),
  /** Mean loss on the run's own held-out domains by name, where measured at this step. */
  heldOut: z.record(z.string(), z.number()).optional()
})
export type TracePoint = z.infer<typeof TracePointSchema>

/** How far something is; never stored. */
export const ProgressSchema = z.strictObject({
  /** What is going on: `import`, `prepare`, `train`, `queue`, `measure`, … and of what. */
  activity: z.string(),
  label: z.string(),
  done: z.number(),
  total: z.number().nullable(),
  unit: z.enum(['bytes', 'documents', 'tokens', 'steps', 'models', 'mixtures', 'seconds']),
  /** Units per second over the last seconds. */
  rate: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  detail: z.string().optional(),
  /** Where a cluster does it, node and job, or what it waits for there, in words. */
  place: z.string().optional()
})
export type Progress = z.infer<typeof ProgressSchema>
