/** Everything a study has measured so far, in the one form that all evidence is computed from. */
import type { OtherAnswers } from '#engine/data/domainDocuments'
import type { Prediction } from '#engine/storage/predictions'
import type { NamedModel, ReportedRun, SequentialRun, WeightLine } from '#engine/workers/reportJobs'
import { hasOneMerge } from '#engine/proxies/mergeWeights'
import type { TableProxy } from '#shared/importedTables'
import type {
  BudgetKind,
  DomainDocuments,
  HeldOutDomain,
  MergeKind,
  Mixture,
  Prepared,
  Study
} from '#shared/records'
import type { TablesSummary } from './tableStudy'

/** What one model costs on the domains it was measured on. */
export interface ModelResult extends NamedModel {
  /** By domain name: nats summed per document, in the order of the domain's documents. */
  nats: Map<string, number[]>
  /** The same of the other answers to a task's items, in their order; of tasks that have some. */
  otherNats?: Map<string, number[]>
}

/** A line between two models, with what each model on it costs as far as it is measured. */
export type MeasuredLine = Omit<WeightLine, 'points'> & {
  points: (WeightLine['points'][number] & Pick<ModelResult, 'nats'>)[]
}

/** Merges of branches at one step, those that are measured and how many there should be. */
export interface MeasuredEarlier {
  share: number
  planned: number
  /** By mixture. */
  merges: Map<string, Pick<ModelResult, 'nats'>>
}

/** A held-out domain with its documents. */
export type MeasuredDomain = HeldOutDomain & {
  /** Of a task with the tokens of each item's context. */
  perDocument: DomainDocuments & { contexts?: number[] }
  /** Of a task whose other answers are measured too. */
  otherAnswers?: OtherAnswers
}

/**
 * A study with what is known of it. Models not yet measured are simply absent.
 *
 * A model that stands for several things need not be repeated: the merge of one unit is its
 * branch, any other merge with the micro merge's weights is that merge, and the sequential model of
 * one unit with the sum budget is its branch.
 */
export interface StudyResults {
  study: Study
  prepared: Prepared
  mixtures: Mixture[]
  /** Names of the mixtures chosen to be trained sequentially. */
  sequentialMixtures: string[]
  /** Those of them that were picked besides what the study chose: the headline leaves them out. */
  pickedMixtures: string[]
  domains: MeasuredDomain[]
  runs: ReportedRun[]
  models: ModelResult[]
  /** Set where the truth is another model's than the branches': then a mixture of one of them is evidence too. */
  hasOtherTruth?: true
  /** What was trained again, by random seed, under the names of what the study itself trained. */
  repeats?: { randomSeed: number; models: ModelResult[] }[]
  /** What was said of sequential models before they were trained, in the order of training. */
  predictions?: (SequentialRun & { prediction: Prediction })[]
  /** Straight lines between models, as far as they are measured. */
  lines: MeasuredLine[]
  /** Merges of earlier branches, as far as they are measured. */
  earlier: MeasuredEarlier[]
  /**
   * Set where all this comes from tables: then means stand for documents, and of text, tokens and
   * runs nothing is known.
   */
  tables?: TablesSummary
}

/**
 * Which documents count: all, only those that training text does not overlap, or one of the two
 * halves: what is searched for on `choose` can be confirmed on `confirm`.
 */
export const DOCUMENT_CHOICES = ['all', 'clean', 'choose', 'confirm'] as const
export type DocumentChoice = (typeof DOCUMENT_CHOICES)[number]

/** Finds the models of a study by what they stand for. */
interface ModelIndex {
  seed: ModelResult | undefined
  branch(unit: string): ModelResult | undefined
  merge(mixture: Mixture, kind: MergeKind): ModelResult | undefined
  ensemble(mixture: Mixture): ModelResult | undefined
  sequential(mixture: Mixture, budget: BudgetKind): ModelResult | undefined
  /** What a table says of a mixture. */
  tabled(mixture: Mixture, proxy: TableProxy): ModelResult | undefined
}

/** Indexes models, standing in for those that are another model under another name. */
export function indexModels(results: StudyResults): ModelIndex {
  const byKey = new Map<string, ModelResult>()
  for (const model of results.models) {
    const kind = model.merge ?? model.budget ?? (model.role === 'proxy' ? model.name : '')
    byKey.set(`${model.role}\n${kind}\n${model.mixture ?? model.name}`, model)
  }
  const branch = (unit: string) => byKey.get(`branch\n\n${unit}`)
  const onlyUnit = ({ units }: Mixture) => (units.length === 1 ? units[0]!.unit : null)
  return {
    seed: results.models.find((model) => model.role === 'seed'),
    branch,
    merge: (mixture, kind) => {
      const unit = onlyUnit(mixture)
      if (unit !== null) return branch(unit)
      const own = byKey.get(`merge\n${kind}\n${mixture.name}`)
      if (own || kind === 'micro' || !hasOneMerge(mixture)) return own
      return byKey.get(`merge\nmicro\n${mixture.name}`)
    },
    ensemble: (mixture) => {
      const unit = onlyUnit(mixture)
      return unit === null ? byKey.get(`ensemble\n\n${mixture.name}`) : branch(unit)
    },
    sequential: (mixture, budget) => {
      const own = byKey.get(`sequential\n${budget}\n${mixture.name}`)
      if (own || budget !== 'sum') return own
      const unit = onlyUnit(mixture)
      return unit === null ? undefined : branch(unit)
    },
    tabled: (mixture, proxy) => byKey.get(`proxy\n${proxy}\n${mixture.name}`)
  }
}

/** Which documents of a domain count under a choice. */
export function chosenDocuments(domain: MeasuredDomain, documents: DocumentChoice): number[] {
  const { tokens, isOverlapping, half } = domain.perDocument
  const counts = (i: number): boolean => {
    if (documents === 'all') return true
    return documents === 'clean' ? !isOverlapping[i] : half[i] === documents
  }
  return [...tokens.keys()].filter(counts)
}
