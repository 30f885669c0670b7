/** The messages between host and worker: each job with its input and its result. */
import type { BranchGeometry, Diagnosis } from '#shared/diagnosis'
import type { Belief } from '#shared/evidenceView'
import type { PackedMatrix } from '#shared/packedMatrix'
import type { PlainError } from '#shared/errors'
import type {
  BudgetKind,
  Corpus,
  CorpusRole,
  DecoderConfig,
  DomainKind,
  PartitionRule,
  Prepared,
  Progress,
  Recipe,
  RunResult,
  Study
} from '#shared/records'
import type { StoredDtype } from '#shared/modelExport'
import type { TrainerSettings } from '#shared/trainer'
import type { Inspection, ModelNode } from '#shared/modelInspection'
import type { ImportedTables, TableLayout, TableRole } from '#shared/importedTables'
import type { SearchRequest, SearchResult, UnnamedMixture } from '#shared/mixtureSearch'
import type { EvaluationRequest, ModelEvaluation, TaskFields } from '#shared/textEvaluation'
import type { SourceDescription } from '#shared/sourceDescription'
import type { MergePlan, MergeRecipe, MergeResult } from '#shared/merging'
import type { BaseUnit } from '#shared/records'
import type {
  DocumentFilter,
  DocumentList,
  DocumentName,
  DocumentOrder,
  FoundDocuments,
  MeasuredTexts,
  StoredDocument,
  StoredTexts,
  TextName
} from '#shared/storedText'
import type {
  AdditionsJob,
  AnyReportJob,
  DiagnosisJob,
  ReportFileJob,
  PredictJob,
  RunPrediction,
  TableJob,
  ToldAdditions
} from './reportJobs'

/** Where a training run starts. */
export type RunStart =
  | { kind: 'initialize'; randomSeed: number }
  | { kind: 'run'; fingerprint: string; carryMoments: boolean }
  | { kind: 'checkpoint'; folder: string; carryMoments: boolean }

/** What a job reads of a base unit: so many sequences. */
export interface UnitDraw {
  unit: BaseUnit
  sequences: number
}

export interface ImportJob {
  project: string
  name: string
  role: CorpusRole
  domainKind?: DomainKind
  paths: string[]
  /** What the sources are called; their paths when left out. */
  source?: string
  textField: string
  partition: PartitionRule
  take?: number
  inPlace: boolean
  skipBadLines: boolean
  keepFields: string[]
  tokenized?: { tokenizerFile: string; endOfTextId: number; type?: 'uint16' | 'int32' | 'uint32' }
  /** Of evaluation corpora: records are items of a task, of which the right answer is measured. */
  task?: TaskFields
}

/** A look at files before they are imported; without a text field the likeliest is shown. */
export type PreviewJob = Pick<ImportJob, 'paths' | 'tokenized' | 'task'> & {
  textField?: string
  partition?: PartitionRule
}

/** Tables of weights and losses that a study is made from; what is left out is found out. */
export interface TablesJob {
  /** Files, folders, globs. */
  paths: string[]
  /** More of them, whose rows are sequential models. */
  sequential: string[]
  budget: BudgetKind
  layout?: TableLayout
  /** Columns, by name or with a `*`. */
  weights?: string[]
  losses?: string[]
  arePerplexities: boolean
  /** Of rows of `paths` that do not say theirs. */
  role?: TableRole
  /** Column that joins ratios with metrics, and that names the mixtures of a wide table. */
  id?: string
  /** Column that tells repeated runs of one mixture apart; `random_seed` when left out. */
  seedColumn?: string
}

/** The text of a project as a study sees it: what each job that looks at text is about. */
export interface StudyText extends PrepareJob {
  /** False in a project that is open for reading only. */
  mayWrite: boolean
}

/** What jobs that look at stored text are asked, and what they answer. */
export interface TextJobs {
  texts: { request: Record<string, never>; result: StoredTexts }
  lengths: { request: Record<string, never>; result: MeasuredTexts }
  documents: {
    request: {
      text: TextName
      from: number
      count: number
      order: DocumentOrder
      filter: DocumentFilter
    }
    result: DocumentList
  }
  search: {
    request: { text: TextName; words: string; from: number; filter: DocumentFilter }
    result: FoundDocuments
  }
  document: { request: DocumentName & { withTokens: boolean }; result: StoredDocument }
}

export interface PrepareJob {
  project: string
  study: Study
  corpora: Corpus[]
  tokenizerFile: string | null
}

export interface TrainJob {
  project: string
  fingerprint: string
  label: string
  config: DecoderConfig
  recipe: Recipe
  start: RunStart
  draws: UnitDraw[]
  replay: BaseUnit | null
  randomSeed: number
  endOfTextId: number
  tokenizerFile: string
  /** Held-out domains measured while training. */
  heldOut: { everySteps: number; domains: { name: string; fingerprint: string }[] } | null
  /** True for runs that others go on from: their moments are kept. */
  keepMoments: boolean
  /** What its weights started from, written beside them. */
  startedFrom?: ModelNode
  /** Steps after which the weights are kept besides those of the end. */
  keepSteps: number[]
  /** The command that trains it in place of our own loop. */
  trainer?: TrainerSettings
}

export interface TrainResult {
  outcome: 'finished' | 'stopped'
  /** Of what was trained so far. */
  result: RunResult
}

/** A branch with its share of an average; the shares sum to 1. */
export interface WeightedBranch {
  fingerprint: string
  weight: number
}

/**
 * What is measured: a run's checkpoint, one from outside, branches averaged in memory, or the
 * average of what branches say of each token.
 */
export type MeasuredModel =
  | { kind: 'run'; fingerprint: string }
  | { kind: 'checkpoint'; folder: string }
  /** `outside`: that one of them which is a checkpoint from outside. */
  | {
      kind: 'merge'
      branches: WeightedBranch[]
      /** After so many steps of theirs, where they were kept then; their end when left out. */
      step?: number
      outside?: { fingerprint: string; folder: string }
    }
  | { kind: 'ensemble'; branches: WeightedBranch[] }

export interface MeasureJob {
  project: string
  label: string
  config: DecoderConfig
  model: MeasuredModel
  /** Bytes of branches that the worker may keep in memory for the next merges. */
  heldBytes: number
  /** What branches make of each token is kept: of a branch that is measured, and for an ensemble. */
  keepTokens: boolean
  /** How it is measured, as part of what is kept is named by. */
  definition: string
  domains: { name: string; fingerprint: string }[]
  window: number
  batchSize: number
  endOfTextId: number
}

/** How tokens of held-out domains are measured, whatever model reads them. */
export type MeasuredText = Omit<MeasureJob, 'label' | 'model'>

/** A search for mixtures by the ensembles of their members' branches. */
export interface MixtureSearchJob {
  text: MeasuredText
  prepared: Prepared
  /** What mixtures are made of: `branches` are fingerprints, `tokens` what they train on together. */
  members: { name: string; branches: string[]; tokens: number }[]
  request: SearchRequest
  randomSeed: number
  /** Whether `cache/` may hold how far it is, for when it is stopped. */
  keepScores: boolean
}

export interface MeasureResult {
  /** Nats per document of each domain, in the order asked. */
  nats: number[][]
  tokens: number
  averageMs: number
  evaluateMs: number
}

/** A run, or an average of several, to be written as a Hugging Face folder. */
export interface ExportJob {
  project: string
  /** Where it goes, in place of what is there. */
  folder: string
  label: string
  /** One alone is written as it is. */
  branches: WeightedBranch[]
  dtype: StoredDtype
  /** Bytes of tensors in one file at most; null: all in one. */
  shardBytes: number | null
  /** Name and text of the files that say what it is. */
  beside: { name: string; text: string }[]
}

/** Models of folders to be looked into. */
export interface InspectJob {
  models: { name: string; folder: string }[]
  /** False: headers only. */
  withValues: boolean
}

/** What an export came to. */
export interface ExportResult {
  /** Names of the files that hold weights, with their index where there are several. */
  files: string[]
  bytes: number
}

/** A merge of models from folders, whatever made them. */
export interface MergeJob {
  recipe: MergeRecipe
  /** Where it goes; not there yet. */
  folder: string
  /** Bytes of tensors in one file at most. */
  shardBytes: number
}

export interface CheckpointJob {
  folder: string
}

/** Where branches lie around the weights that they started from. */
export interface GeometryJob {
  project: string
  config: DecoderConfig
  /** Where all of them started. */
  start: RunStart
  branches: { name: string; fingerprint: string }[]
}

/** A checkpoint from outside, as a study starts from it. */
export interface SeedCheckpoint {
  folder: string
  /** What it is called where it comes from; absent in what older versions kept of one. */
  name?: string
  config: DecoderConfig
  /** SHA-256 of configuration, weights and optimizer state. */
  fingerprint: string
  /** SHA-256 of its `tokenizer.json`; null where it has none. */
  tokenizer: string | null
  /** True when AdamW's moments lie beside the weights. */
  hasMoments: boolean
}

/** Takes checkpoints into a project, each as a finished run. */
export interface TakeModelsJob {
  project: string
  /** Hugging Face folders. */
  models: string[]
  /** The model that they came of, held against them; null where nobody says. */
  seed: string | null
  /** Folder that it is copied into; null: it is left where it lies. */
  keepSeedIn: string | null
}

export interface TakeModelsResult {
  /** In the order asked for. */
  models: SeedCheckpoint[]
  /** What is not known of them, or differs without preventing a merge. */
  warnings: string[]
}

/** What computes, as far as a plan must know it. */
export interface ComputeDevice {
  name: string
  isGpu: boolean
}

/** One backend as this machine has it. */
export interface BackendReport {
  name: string
  usable: boolean
  /** Why not, in words; null when usable. */
  reason: string | null
  device: string | null
  isGpu: boolean
  memoryBytes: number | null
  version: string | null
  /** Measured float32 matrix products, GFLOP/s. */
  gflops: number | null
}

/** One line of the conformance suite. */
export interface DeviceCheck {
  check: string
  passed: boolean
  detail: string
}

/** A measured rate, for `assay bench` and for the plan's estimates. */
export interface BenchJob {
  what: 'train' | 'eval' | 'merge' | 'tokenize' | 'ensemble' | 'bootstrap' | 'search'
  config: DecoderConfig
  batchSize: number
  /** Repetitions at most, and seconds after which no further one is begun. */
  repetitions: number
  seconds: number
  /** `tokenize`: a file of plain text. */
  textFile?: string
  /** `merge`: average only one in so many of the parameters, as one of several workers does. */
  oneIn?: number
}

export interface BenchResult {
  tokensPerSecond?: number
  /** `train`: by the median step, where the other is by the best. */
  steadyTokensPerSecond?: number
  bytesPerSecond?: number
  /** `ensemble`. */
  mixturesPerSecond?: number
  /** `search`: subsets times tokens. */
  subsetTokensPerSecond?: number
  /** `bootstrap` and `search`: the best repetition. */
  elapsedSeconds?: number
  /** `merge`: bytes per second of a plain copy on one thread, in the same run. */
  copyBytesPerSecond?: number
  /** `merge`: averaging on one thread alone. */
  aloneBytesPerSecond?: number
  /** `train`: tensors held after an early step and after the last. */
  tensorsBefore?: number
  tensorsAfter?: number
  peakBytes: number
  backend: string
  threads: number
  shape: string
}

/** What a job is given besides its input, on the worker's side. */
export interface JobHooks {
  signal: AbortSignal
  onProgress: (progress: Progress) => void
}

type TextJob<Kind extends keyof TextJobs> = {
  input: { of: StudyText; request: TextJobs[Kind]['request'] }
  result: TextJobs[Kind]['result']
}

/** Every job: what goes in and what comes back. */
export interface Jobs {
  texts: TextJob<'texts'>
  lengths: TextJob<'lengths'>
  documents: TextJob<'documents'>
  search: TextJob<'search'>
  document: TextJob<'document'>
  probe: { input: Record<string, never>; result: BackendReport[] }
  verify: { input: Record<string, never>; result: DeviceCheck[] }
  device: { input: Record<string, never>; result: ComputeDevice }
  checkpoint: { input: CheckpointJob; result: SeedCheckpoint }
  takeModels: { input: TakeModelsJob; result: TakeModelsResult }
  preview: { input: PreviewJob; result: SourceDescription }
  import: { input: ImportJob; result: Corpus }
  importTables: { input: TablesJob; result: ImportedTables }
  prepare: { input: PrepareJob; result: Prepared }
  train: { input: TrainJob; result: TrainResult }
  measure: { input: MeasureJob; result: MeasureResult }
  evaluate: { input: EvaluationRequest; result: ModelEvaluation[] }
  mixtureSearch: { input: MixtureSearchJob; result: SearchResult<UnnamedMixture> }
  inspect: { input: InspectJob; result: Inspection }
  exportModel: { input: ExportJob; result: ExportResult }
  planMerge: { input: MergeJob; result: MergePlan }
  mergeModels: { input: MergeJob; result: MergeResult }
  bench: { input: BenchJob; result: BenchResult }
  predict: { input: PredictJob; result: RunPrediction[] }
  belief: { input: AnyReportJob; result: Belief }
  matrix: { input: AnyReportJob; result: PackedMatrix }
  additions: { input: AdditionsJob; result: ToldAdditions }
  geometry: { input: GeometryJob; result: BranchGeometry }
  diagnosis: { input: DiagnosisJob; result: Diagnosis }
  table: { input: TableJob; result: string | null }
  reportFile: { input: ReportFileJob; result: string }
}
export type JobKind = keyof Jobs

/** A resume point is written so often while training, in ms. */
export const SAVE_EVERY_MS = 5 * 60_000

/** Host → worker. */
export type ToWorker = { id: number; kind: JobKind; input: unknown } | { stop: number }

/** Worker → host. */
export type FromWorker =
  | { id: number; result: unknown }
  | { id: number; error: PlainError }
  /** The job stopped because it was asked to. */
  | { id: number; stopped: true }
  | { id: number; progress: Progress }
  /** The worker's thread ended without being asked to. */
  | { died: PlainError }
