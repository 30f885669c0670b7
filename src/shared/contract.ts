/** What an engine can be asked and what it tells: the one contract between it and any screen. */
import { z } from 'zod'
import { AdditionPairsSchema } from './additionEffect'
import { CLUSTER_COMMANDS_ASKED } from './clusterView'
import { DeskViewSchema, DroppedFileSchema, MOST_DROPPED, ProjectGlimpseSchema } from './deskView'
import { BeliefSchema, MatrixSchema } from './evidenceView'
import { CostCurvesSchema } from './costCurves'
import { DiagnosisSchema } from './diagnosis'
import { ExportChoicesSchema } from './modelExport'
import { DevicesSchema, LogLineSchema, MachineSchema } from './machine'
import { FileCheckRequestSchema, FileCheckSchema } from './projectCheck'
import { MODEL_COMMANDS } from './modelsView'
import { SearchRequestSchema, SearchedMixturesSchema } from './mixtureSearch'
import { PackedMatrixSchema } from './packedMatrix'
import { DecoderShapeSchema } from './recipe'
import {
  CorpusRoleSchema,
  CorpusSchema,
  DomainKindSchema,
  HeldOutDomainSchema,
  MergeKindSchema,
  OverlapSchema,
  PartitionRuleSchema,
  PreparedPartitionSchema,
  ProgressSchema,
  RunSchema,
  StudySchema
} from './records'
import {
  CostSchema,
  CurveSchema,
  LowDiskSchema,
  MOST_CURVES,
  QueueSchema,
  StudyPreviewSchema
} from './trainingView'
import { SERIES_KINDS, SeriesRequestSchema } from './series'
import { SeriesPreviewSchema, SeriesReadingSchema } from './seriesView'
import { SourceDescriptionSchema } from './sourceDescription'
import { CONFIRMATION_COMMANDS } from './studyCommands'
import { TEXT_COMMANDS } from './storedText'
import { TaskFieldsSchema } from './textEvaluation'
import { UnitChangesSchema } from './unitChanges'

const count = z.number().int().nonnegative()

/** A project as it is open. */
export const OpenProjectSchema = z.strictObject({
  /** Name of its folder. */
  title: z.string(),
  isReadOnly: z.boolean(),
  /** Why it cannot be written whoever opens it, in words; null where it can. */
  readOnlyBecause: z.string().nullable(),
  /** True where the study was made from tables: there is no text and no run. */
  isFromTables: z.boolean(),
  studies: z.array(StudySchema),
  corpora: z.array(CorpusSchema),
  /** Name of the study that is being run; null when none is. */
  running: z.string().nullable(),
  /** Names of the studies that are run after it, in their order. */
  waiting: z.array(z.string()),
  /** While it waits for space on its disk: how little there is; else null. */
  lowDisk: LowDiskSchema.nullable(),
  /** Name of the corpus that is being imported; null when none is. */
  importing: z.string().nullable(),
  /** What undoing and doing again would do, in words; null where there is nothing. */
  undo: z.string().nullable(),
  redo: z.string().nullable()
})
export type OpenProject = z.infer<typeof OpenProjectSchema>

/** Text of a study as it was prepared; null before. */
export const CatalogueSchema = z.strictObject({
  partitions: z.array(PreparedPartitionSchema),
  domains: z.array(HeldOutDomainSchema),
  overlaps: z.array(OverlapSchema)
})
export type Catalogue = z.infer<typeof CatalogueSchema>

const nothing = z.strictObject({})
const ofRun = z.strictObject({ run: z.string() })
const ofStudy = z.strictObject({ study: z.string() })
/** Weights by name of partition or unit, as in a study's list. */
const weights = z.record(z.string(), z.number())

/** What an open project is asked. */
export const PROJECT_COMMANDS = {
  readProject: { input: nothing, output: OpenProjectSchema },
  readCatalogue: { input: ofStudy, output: CatalogueSchema.nullable() },
  readQueue: { input: ofStudy, output: QueueSchema },
  /**
   * Curves of runs, at most about so many points of each; of one whose curve is known up to a step,
   * only what came after it. Runs that the project does not know, or without a curve, are left out.
   */
  readCurves: {
    input: z.strictObject({
      curves: z
        .array(z.strictObject({ run: z.string(), after: count.nullable() }))
        .max(MOST_CURVES),
      points: count
    }),
    output: z.array(CurveSchema)
  },
  readMatrix: { input: ofStudy, output: PackedMatrixSchema.nullable() },
  /** What every base unit does to every domain, by its branch alone. */
  readUnitChanges: { input: ofStudy, output: UnitChangesSchema.nullable() },
  /**
   * What adding a partition does to each mixture; `added` null: one of those imported last. The
   * picture is that of the report, of all partitions over all pairs.
   */
  readAdditions: {
    input: z.strictObject({ study: z.string(), added: z.string().nullable() }),
    output: z.strictObject({ pairs: AdditionPairsSchema, svg: z.string().nullable() }).nullable()
  },
  /** What ways of answering cost against the number of partitions; null of tables. */
  readCostCurves: { input: ofStudy, output: CostCurvesSchema.nullable() },
  readBelief: { input: ofStudy, output: BeliefSchema.nullable() },
  /** Why the proxies may fail; reads every checkpoint the first time. */
  readDiagnosis: { input: ofStudy, output: DiagnosisSchema.nullable() },
  /** Measures what the lines of a diagnosis lack; progress and stop as for `evaluateMixtures`. */
  measureLines: { input: ofStudy, output: z.strictObject({ wasStopped: z.boolean() }) },
  /** One of the exported tables as CSV; null before the text is prepared. */
  readTable: {
    input: z.strictObject({ study: z.string(), table: z.string() }),
    output: z.string().nullable()
  },
  /** The report as the text of one HTML file; null before the text is prepared. */
  readReport: {
    input: z.strictObject({ study: z.string(), form: z.enum(['html', 'latex']) }),
    output: z.string().nullable()
  },
  // Single mixtures, besides running the whole study. Progress is told under `evaluate` and
  // `export`; what is measured already is answered even while a study runs, or read-only.
  /**
   * What the ensemble of a mixture's branches says, in milliseconds: a perplexity for each domain of
   * the matrix, in their order, and nats per token on `-log` means. Nothing is stored.
   */
  scoreMixture: {
    input: z.strictObject({ study: z.string(), weights }),
    output: z.strictObject({ mixture: z.string(), values: z.array(z.number()) })
  },
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
      mixtures: z.array(z.union([z.string(), weights])).min(1),
      /** Why: picked by the user, which is meant without a word, or told by a search. */
      list: z.enum(['added', 'top']).optional()
    }),
    output: nothing
  },
  /** Writes a merge as a Hugging Face folder; its name within the project, null when stopped. */
  exportMerge: {
    input: z.strictObject({
      study: z.string(),
      mixture: z.union([z.string(), weights]),
      merge: MergeKindSchema,
      ...ExportChoicesSchema.shape
    }),
    output: z.strictObject({ folder: z.string().nullable() })
  },
  /**
   * Searches for the mixtures to train on, beside whatever trains; null when it was stopped. Its
   * progress is told under the key `search`; one search at a time. Merges that are asked about are
   * measured in the end, which wants a project that is open for writing and runs nothing.
   */
  searchMixtures: {
    input: z.strictObject({ study: z.string(), request: SearchRequestSchema }),
    output: z.strictObject({ found: SearchedMixturesSchema.nullable() })
  },
  stopSearch: { input: nothing, output: nothing },
  /** Stops evaluations and exports; what is done by then is kept. */
  stopMixtures: { input: nothing, output: nothing },
  /** Answers when the run has begun; what comes of it is told by events. */
  runStudy: { input: ofStudy, output: nothing },
  /** Runs several one after another: what they share is trained once. Stopping ends the order. */
  runStudies: { input: z.strictObject({ studies: z.array(z.string()).min(1) }), output: nothing },
  /** Asks the running study to stop between two steps. */
  stopStudy: { input: nothing, output: nothing },

  // The queue is steered while it is worked off. What is asked here is kept in memory: results never
  // depend on it, and an engine that begins anew has the plan's order and holds nothing.
  /** Puts a waiting run before another of its role; `before` null: last of its role. */
  moveRun: {
    input: z.strictObject({ study: z.string(), run: z.string(), before: z.string().nullable() }),
    output: nothing
  },
  /** Sets a run aside; one that trains stops between two steps and can go on. */
  holdRun: { input: ofRun, output: nothing },
  releaseRun: { input: ofRun, output: nothing },
  /** Trains a failed run again: at once while the study runs, else by running the study. */
  retryRun: { input: z.strictObject({ study: z.string(), run: z.string() }), output: nothing },

  // The machine: cheap meters, and what takes a while only when asked for.
  /** Polled while it is shown. */
  readMachine: { input: nothing, output: MachineSchema },
  /** `estimate`: also how long it would take, by a rate that is measured when it is not known. */
  readCost: {
    input: z.strictObject({ study: z.string(), estimate: z.boolean() }),
    output: CostSchema.nullable()
  },

  /** What a study would ask for, nothing saved; of a draft that cannot be planned: why not. */
  previewStudy: { input: z.strictObject({ study: z.unknown() }), output: StudyPreviewSchema },
  /** Adds a study or replaces the one of its name; what it does can be undone. */
  saveStudy: { input: z.strictObject({ study: z.unknown() }), output: StudySchema },
  /** Takes a study off the project; its runs and measurements stay. Can be undone. */
  removeStudy: { input: ofStudy, output: nothing },
  // One setting varied: studies of their own, which are then run as any.
  /** What a series would ask for, nothing saved; of settings that cannot be had: why not. */
  previewSeries: {
    input: z.strictObject({ study: z.string(), request: SeriesRequestSchema }),
    output: SeriesPreviewSchema
  },
  /** Adds its studies, those left that are there already; each can be undone. */
  addSeries: {
    input: z.strictObject({ study: z.string(), request: SeriesRequestSchema }),
    output: z.strictObject({ studies: z.array(z.string()) })
  },
  /** What the series of a kind that was varied from a study found so far. */
  readSeries: {
    input: z.strictObject({ study: z.string(), kind: z.enum(SERIES_KINDS) }),
    output: SeriesReadingSchema
  },
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

  // Models: what there is, what is in them, merges of them, and those that come from elsewhere.
  ...MODEL_COMMANDS,

  // The cluster of a study that runs on one.
  ...CLUSTER_COMMANDS_ASKED,

  // Commands that a study runs as the user, and that they may.
  ...CONFIRMATION_COMMANDS,

  // Files that are dropped are streamed in pieces, since no path crosses the border.
  beginDrop: {
    input: z.strictObject({ files: z.array(DroppedFileSchema).min(1).max(MOST_DROPPED) }),
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
      partition: PartitionRuleSchema.optional(),
      /** Of evaluation text: records are looked at as items of a task. */
      task: TaskFieldsSchema.optional()
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
      keepFields: z.array(z.string()),
      task: TaskFieldsSchema.optional()
    }),
    output: CorpusSchema
  },
  cancelImport: { input: nothing, output: nothing }
} as const

/** What is asked before any project is open, and to open one. */
export const DESK_COMMANDS = {
  readDesk: { input: nothing, output: DeskViewSchema },
  /** Looks at a project of the list without opening it; a bounded part of it is read. */
  readGlimpse: { input: z.strictObject({ id: z.string() }), output: ProjectGlimpseSchema },
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
  /**
   * Holds every file of a listed project, or of the open one, against its checksum; null when
   * cancelled. `repair` sets aside what is damaged, for which an open project is closed and opened
   * again. Its progress is told under the key `check`.
   */
  checkFiles: {
    input: FileCheckRequestSchema,
    output: z.strictObject({ check: FileCheckSchema.nullable() })
  },
  cancelCheck: { input: nothing, output: nothing },
  /** Takes a project off the list; its folder stays. */
  forgetProject: { input: z.strictObject({ id: z.string() }), output: nothing },

  /** What `assay doctor` says; `again`: measures anew, which is refused while a study runs. */
  readDevices: { input: z.strictObject({ again: z.boolean() }), output: DevicesSchema },
  /** The last lines of what happened in this process, oldest first. */
  readLog: { input: nothing, output: z.array(LogLineSchema) }
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
  /** The study that runs waits for space on its disk; null: it goes on. */
  z.strictObject({ kind: z.literal('disk'), waiting: LowDiskSchema.nullable() }),
  /** Nothing is done on a device any more, for a reason in words. */
  z.strictObject({ kind: z.literal('device'), device: z.string(), reason: z.string() }),
  /** Runs were moved, held or released: the queue is to be read anew. */
  z.strictObject({ kind: z.literal('queue') }),
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
/** A study began to run, or ended. */
export type StudyNews = Extract<EngineEvent, { kind: 'study' }>

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
