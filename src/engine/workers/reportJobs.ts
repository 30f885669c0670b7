/** What reports, tables and diagnoses are computed from: the messages of jobs that need no tensors. */
import type { AdditionPairs } from '#shared/additionEffect'
import type { BranchGeometry, LineKind } from '#shared/diagnosis'
import type {
  BudgetKind,
  ChosenBy,
  DecoderConfig,
  MergeKind,
  Mixture,
  ModelRole,
  Prepared,
  Run,
  Study
} from '#shared/records'

/** A model of a study, measured or not, by what it stands for. */
export interface NamedModel {
  fingerprint: string
  role: ModelRole
  /** A base unit's name for a branch; else whatever reads well. */
  name: string
  /** Name of the mixture a merge or a sequential model stands for. */
  mixture: string | null
  /** Set for merges: how its branches are weighted. */
  merge: MergeKind | null
  /** Set for sequential models. */
  budget: BudgetKind | null
}

/** A sequential run, trained or not, by what it stands for. */
export interface SequentialRun {
  fingerprint: string
  mixture: string
  budget: BudgetKind
  chosenBy: ChosenBy | null
}

/** What proxies say of sequential models that are not trained yet. */
export interface PredictJob {
  report: ReportJob
  runs: SequentialRun[]
}

/** Of one run: what every proxy says of it. */
export interface RunPrediction {
  /** Fingerprint of the sequential run. */
  run: string
  /** Sequential models that were measured then: what regressions were fitted on. */
  trained: number
  /** Mean nats per token by proxy, then fingerprint of the domain. */
  losses: Record<string, Record<string, number>>
}

/** The head of a finished run, with the random seed of its order of data. */
export type ReportedRun = Run & { randomSeed: number }

/** What a report is made of, but for the measurements, which are read where it is computed. */
export interface ReportJob {
  project: string
  study: Study
  prepared: Prepared
  mixtures: Mixture[]
  /** Names of the mixtures chosen to be trained sequentially. */
  sequentialMixtures: string[]
  /** Those of them that were picked besides what the study chose: the headline leaves them out. */
  pickedMixtures: string[]
  /** Heads of the runs that are finished. */
  runs: ReportedRun[]
  models: NamedModel[]
  /** Every sequential run of the plan, in the order of training. */
  sequentials: SequentialRun[]
  /** What was trained again, by random seed, under the names of what the study itself trained. */
  repeats: { randomSeed: number; models: NamedModel[] }[]
  /** Straight lines in the space of weights, measured or not. */
  lines: WeightLine[]
  /** Merges of branches as they were at earlier steps, measured or not. */
  earlier: EarlierModels[]
}

/** Merges of branches as they were after so many steps, of mixtures that are trained for real. */
export interface EarlierModels {
  step: number
  /** Of a branch's whole training, 0 … 1. */
  share: number
  merges: { mixture: string; fingerprint: string }[]
}

/** A straight line between two models: the models on it, by their place from 0 to 1. */
export interface WeightLine {
  kind: LineKind
  from: string
  to: string
  points: { t: number; fingerprint: string }[]
}

/** The report of a study made from tables: all else is read where it is computed. */
export interface TablesReportJob {
  project: string
  study: Study
  /** Fingerprint of the project's tables. */
  tables: string
}

/** What a report is computed from. */
export type AnyReportJob = ReportJob | TablesReportJob

/** One of the exported tables. */
export type TableJob = AnyReportJob & { table: string }

/** Of what adding a member does: which one, on which documents. */
export interface AdditionsAsked {
  /** A partition or base unit; null: the first of `latest` that is a member of mixtures. */
  added: string | null
  documents: 'all' | 'clean' | 'choose' | 'confirm'
  /** Partitions, those imported last first. */
  latest: readonly string[]
}

/** What adding a member does to mixtures; the figure is null where no two differ by one. */
export interface ToldAdditions {
  pairs: AdditionPairs
  svg: string | null
}

/** Asks what adding a member does to mixtures. */
export interface AdditionsJob {
  report: AnyReportJob
  asked: AdditionsAsked
}

/** Why the proxies of a study may fail; `geometry` null where no weights can be read. */
export interface DiagnosisJob {
  report: AnyReportJob
  geometry: BranchGeometry | null
  /** How many mixtures are proposed; null: as many as are missing, ten at most. */
  propose: number | null
}

/** What a report says besides what was measured; the host knows it. */
export interface ReportFacts {
  /** Name of the project's folder. */
  project: string
  /** Assay's own version. */
  version: string
  /** When it is written, ISO 8601. */
  writtenAt: string
  /** What trained the runs, and whether the conformance suite passed on it here. */
  devices: { backend: string; device: string; verification: 'passed' | 'failed' | 'none' }[]
  /** Null for a study made from tables: nothing is known of its training. */
  cost: {
    config: DecoderConfig
    seedTokens: number
    /** Seed and branches, sequential models, and every mixture trained, as planned. */
    modular: { runs: number; tokens: number }
    evidence: { runs: number; tokens: number }
    naive: { runs: number; tokens: number }
  } | null
}

/** What a whole report is written as: a page, or tables for a paper. */
export type ReportForm = 'html' | 'latex'

/** A report as one file. */
export type ReportFileJob = AnyReportJob & {
  form: ReportForm
  documents: 'all' | 'clean' | 'choose' | 'confirm'
  facts: ReportFacts
  geometry: BranchGeometry | null
}
