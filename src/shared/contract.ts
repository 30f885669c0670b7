/** What an engine can be asked and what it tells: the one contract between it and any screen. */
import { z } from 'zod'
import { DecoderShapeSchema } from './recipe'
import {
  BudgetKindSchema,
  CorpusRoleSchema,
  CorpusSchema,
  DomainKindSchema,
  HeldOutDomainSchema,
  OverlapSchema,
  PartitionRuleSchema,
  PreparedPartitionSchema,
  ProgressSchema,
  RunSchema,
  StudySchema,
  TracePointSchema
} from './records'
import { TEXT_COMMANDS } from './storedText'

const count = z.number().int().nonnegative()
const value = z.number().nullable()

/** A project as it is open. */
export const OpenProjectSchema = z.strictObject({
  /** Name of its folder. */
  title: z.string(),
  isReadOnly: z.boolean(),
  /** Why it cannot be written whoever opens it, in words; null where it can. */
  readOnlyBecause: z.string().nullable(),
  studies: z.array(StudySchema),
  corpora: z.array(CorpusSchema),
  /** Name of the study that is being run; null when none is. */
  running: z.string().nullable(),
  /** Name of the corpus that is being imported; null when none is. */
  importing: z.string().nullable(),
  /** What undoing and doing again would do, in words; null where there is nothing. */
  undo: z.string().nullable(),
  redo: z.string().nullable()
})
export type OpenProject = z.infer<typeof OpenProjectSchema>

/** A project that can be opened, as a list shows it. */
export const ShelvedProjectSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  /** Where it lies, for people; empty where that is nobody's business. */
  where: z.string(),
  /** When its records changed last, in ms since 1970; null when it is gone. */
  changedAt: z.number().nullable(),
  studies: count,
  partitions: count,
  runs: count,
  /** Why it cannot be opened, in words; null when it can. */
  problem: z.string().nullable()
})
export type ShelvedProject = z.infer<typeof ShelvedProjectSchema>

/** What one screen has before it. */
const DeskViewSchema = z.strictObject({
  /** Id of the project that is open here; null when none is. */
  open: z.string().nullable(),
  /** `folder`: all projects of a folder; `recent`: those opened lately; `one`: that one alone. */
  shelf: z.enum(['folder', 'recent', 'one']),
  projects: z.array(ShelvedProjectSchema),
  /** Where a new project goes, for people; null when none can be made here. */
  newProjectsIn: z.string().nullable(),
  /** False where the demo's texts cannot be fetched from. */
  hasDemo: z.boolean()
})
export type DeskView = z.infer<typeof DeskViewSchema>

/** A file that is about to be streamed: its path below what was dropped, `/` between folders. */
const DroppedFileSchema = z.strictObject({ path: z.string(), bytes: count })

const SourceDescriptionSchema = z.strictObject({
  files: z.array(z.strictObject({ path: z.string(), format: z.string(), bytes: count })),
  bytes: count,
  fields: z.array(
    z.strictObject({
      name: z.string(),
      examples: z.array(z.string()),
      inDocuments: count,
      longestExample: count
    })
  ),
  likelyTextField: z.string().nullable(),
  documents: z.array(z.strictObject({ text: z.string(), file: z.string(), position: count })),
  partitions: z.array(z.strictObject({ name: z.string(), documents: count })).nullable(),
  lookedAt: count
})

/** Text of a study as it was prepared; null before. */
export const CatalogueSchema = z.strictObject({
  partitions: z.array(PreparedPartitionSchema),
  domains: z.array(HeldOutDomainSchema),
  overlaps: z.array(OverlapSchema)
})
export type Catalogue = z.infer<typeof CatalogueSchema>

/** A run of the plan, with its head where it was begun. */
export const QueuedRunSchema = z.strictObject({
  fingerprint: z.string(),
  role: z.enum(['seed', 'branch', 'sequential']),
  name: z.string(),
  tokens: count,
  isDone: z.boolean(),
  head: RunSchema.nullable()
})
export type QueuedRun = z.infer<typeof QueuedRunSchema>

/** What a study has and lacks. */
export const QueueSchema = z.strictObject({
  /** False until the text is prepared; then nothing else is known either. */
  isPrepared: z.boolean(),
  runs: z.array(QueuedRunSchema)
})
export type Queue = z.infer<typeof QueueSchema>

/** A domain, or a mean over several. */
const ScoredDomainSchema = z.strictObject({
  name: z.string(),
  kind: z.union([DomainKindSchema, z.literal('mean')]),
  partition: z.string().nullable()
})

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
  )
})
export type Matrix = z.infer<typeof MatrixSchema>

const IntervalSchema = z.strictObject({ low: z.number(), high: z.number() })
const StatisticSchema = z.strictObject({
  value,
  interval: IntervalSchema.nullable(),
  drop: IntervalSchema.nullable(),
  p: value
})

/** A least-squares fit of the truth on a proxy; `fittedLine.ts` says how it is drawn. */
const FitSchema = z.strictObject({
  slope: z.number(),
  reach: z.number(),
  squares: z.number(),
  lines: z.array(
    z.strictObject({
      n: count,
      meanX: z.number(),
      meanY: z.number(),
      from: z.number(),
      to: z.number()
    })
  )
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

/** The number a study is summed up by, for one proxy and truth budget. */
const HeadlineSchema = z.strictObject({
  proxy: z.string(),
  budget: BudgetKindSchema,
  n: count,
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
  mixtures: z.array(
    z.strictObject({
      mixture: z.string(),
      size: count,
      rank: count,
      proxyValue: z.number(),
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

/** How far the proxies may be believed. */
export const BeliefSchema = z.strictObject({
  headline: z.array(HeadlineSchema),
  agreement: z.array(AgreementSchema),
  /** One per budget, proxy and size; those across sizes last, each with its caution. */
  rankings: z.array(RankingSchema),
  /** Partitions that no trained mixture holds. */
  untried: z.array(z.string())
})
export type Belief = z.infer<typeof BeliefSchema>

const nothing = z.strictObject({})
const ofStudy = z.strictObject({ study: z.string() })
/** Weights by name of partition or unit, as in a study's list. */
const weights = z.record(z.string(), z.number())

/** What an open project is asked. */
export const PROJECT_COMMANDS = {
  readProject: { input: nothing, output: OpenProjectSchema },
  readCatalogue: { input: ofStudy, output: CatalogueSchema.nullable() },
  readQueue: { input: ofStudy, output: QueueSchema },
  /** The curve of a run, at most about so many points of it. */
  readTrace: {
    input: z.strictObject({ run: z.string(), points: count }),
    output: z.array(TracePointSchema)
  },
  readMatrix: { input: ofStudy, output: MatrixSchema.nullable() },
  readBelief: { input: ofStudy, output: BeliefSchema.nullable() },
  /** One of the exported tables as CSV; null before the text is prepared. */
  readTable: {
    input: z.strictObject({ study: z.string(), table: z.string() }),
    output: z.string().nullable()
  },
  // Single mixtures, besides running the whole study. Progress is told under `evaluate` and
  // `export`; what is measured already is answered even while a study runs, or read-only.
  /** Averages and measures one mixture, the study's or not: a matrix of one row. */
  evaluateMixture: { input: z.strictObject({ study: z.string(), weights }), output: MatrixSchema },
  /** Measures those of the study's mixtures that are not measured yet. */
  evaluateMixtures: {
    input: z.strictObject({ study: z.string(), mixtures: z.array(z.string()).min(1) }),
    output: z.strictObject({ wasStopped: z.boolean() })
  },
  /** Keeps a mixture built by hand in the study, so that it is a row of the matrix. */
  addMixture: {
    input: z.strictObject({ study: z.string(), weights }),
    output: z.strictObject({ mixture: z.string() })
  },
  /** Adds mixtures to what the study trains for real, and runs it; answers as `runStudy`. */
  trainSequentially: {
    input: z.strictObject({
      study: z.string(),
      mixtures: z.array(z.union([z.string(), weights])).min(1)
    }),
    output: nothing
  },
  /** Writes a merge as a Hugging Face folder; its name within the project, null when stopped. */
  exportMerge: {
    input: z.strictObject({
      study: z.string(),
      mixture: z.union([z.string(), weights]),
      merge: z.enum(['micro', 'macro'])
    }),
    output: z.strictObject({ folder: z.string().nullable() })
  },
  /** Stops evaluations and exports; what is done by then is kept. */
  stopMixtures: { input: nothing, output: nothing },
  /** Answers when the run has begun; what comes of it is told by events. */
  runStudy: { input: ofStudy, output: nothing },
  /** Asks the running study to stop between two steps. */
  stopStudy: { input: nothing, output: nothing },

  /** Adds a study or replaces the one of its name; what it does can be undone. */
  saveStudy: { input: z.strictObject({ study: z.unknown() }), output: StudySchema },
  /** Takes a study off the project; its runs and measurements stay. Can be undone. */
  removeStudy: { input: ofStudy, output: nothing },
  /** Shapes that have a name, with the parameters each has with such a vocabulary. */
  readPresets: {
    input: z.strictObject({ vocabularySize: count }),
    output: z.array(
      z.strictObject({ name: z.string(), shape: DecoderShapeSchema, parameters: count })
    )
  },
  undoEdit: { input: nothing, output: nothing },
  redoEdit: { input: nothing, output: nothing },

  // Stored text: what there is, its documents, what a unit size would make of it.
  ...TEXT_COMMANDS,

  // Files that are dropped are streamed in pieces, since no path crosses the border.
  beginDrop: {
    input: z.strictObject({ files: z.array(DroppedFileSchema).min(1) }),
    output: z.strictObject({ drop: z.string() })
  },
  addToDrop: {
    input: z.strictObject({ drop: z.string(), file: count, base64: z.string() }),
    output: nothing
  },
  discardDrop: { input: z.strictObject({ drop: z.string() }), output: nothing },
  /** A look at the first documents of what was dropped; may be asked before all of it is there. */
  previewDrop: {
    input: z.strictObject({
      drop: z.string(),
      textField: z.string().optional(),
      partition: PartitionRuleSchema.optional()
    }),
    output: SourceDescriptionSchema
  },
  /** Answers when the text is imported; its progress is told under the key `import`. */
  importDrop: {
    input: z.strictObject({
      drop: z.string(),
      name: z.string(),
      role: CorpusRoleSchema,
      domainKind: DomainKindSchema.optional(),
      textField: z.string(),
      partition: PartitionRuleSchema,
      take: count.optional(),
      skipBadLines: z.boolean(),
      keepFields: z.array(z.string())
    }),
    output: CorpusSchema
  },
  cancelImport: { input: nothing, output: nothing }
} as const

/** What is asked before any project is open, and to open one. */
export const DESK_COMMANDS = {
  readDesk: { input: nothing, output: DeskViewSchema },
  /** Makes a project of a name where the shelf keeps them, and opens it. */
  createProject: { input: z.strictObject({ name: z.string() }), output: nothing },
  openProject: {
    input: z.strictObject({ id: z.string(), readOnly: z.boolean() }),
    output: nothing
  },
  /**
   * Makes the demo's project where new projects go, its texts fetched and nothing trained, and
   * opens it. What is done is told under the key `demo`.
   */
  openDemo: { input: nothing, output: nothing },
  cancelDemo: { input: nothing, output: nothing },
  /** Looks away; what runs there runs on. */
  closeProject: { input: nothing, output: nothing },
  /**
   * Copies the open project, or bundles its results, under a name where new projects go. Its
   * progress is told under the key `copy`.
   */
  copyProject: {
    input: z.strictObject({ name: z.string(), kind: z.enum(['whole', 'bundle']) }),
    output: z.strictObject({ id: z.string(), files: count, bytes: count })
  },
  cancelCopy: { input: nothing, output: nothing },
  /** Takes a project off the list; its folder stays. */
  forgetProject: { input: z.strictObject({ id: z.string() }), output: nothing }
} as const

/** Every command: what it is given and what it answers; both ends check both. */
export const COMMANDS = { ...DESK_COMMANDS, ...PROJECT_COMMANDS }

export type ProjectCommand = keyof typeof PROJECT_COMMANDS
export type CommandName = keyof typeof COMMANDS
type Input<Name extends CommandName> = z.infer<(typeof COMMANDS)[Name]['input']>
type Output<Name extends CommandName> = z.infer<(typeof COMMANDS)[Name]['output']>

/** An event is the newest version of something; only `progress` may be left out. */
export const EngineEventSchema = z.discriminatedUnion('kind', [
  /** What is open, or its studies or corpora, changed: read the desk and the project anew. */
  z.strictObject({ kind: z.literal('desk') }),
  /** A study began to run, or ended: done, stopped, or with an error in words. */
  z.strictObject({
    kind: z.literal('study'),
    study: z.string(),
    state: z.enum(['running', 'done', 'stopped', 'failed']),
    message: z.string().nullable()
  }),
  z.strictObject({ kind: z.literal('run'), record: RunSchema }),
  z.strictObject({
    kind: z.literal('measured'),
    label: z.string(),
    done: count,
    total: count
  }),
  z.strictObject({ kind: z.literal('progress'), key: z.string(), progress: ProgressSchema }),
  z.strictObject({ kind: z.literal('ended'), key: z.string() })
])
export type EngineEvent = z.infer<typeof EngineEventSchema>

type Commands<Names extends CommandName> = {
  [Name in Names]: (input: Input<Name>) => Promise<Output<Name>>
}
interface Events {
  /** @returns takes the listener off again */
  onEvent: (listener: (event: EngineEvent) => void) => () => void
}

/** An open project, near or far. */
export type ProjectApi = Commands<ProjectCommand> & Events

/** An engine as one screen has it, near or far. */
export type EngineApi = Commands<CommandName> & Events
