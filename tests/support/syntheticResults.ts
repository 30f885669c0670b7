/** A study's results with a known truth, without any training: losses are given as functions. */
import { enumerateMixtures } from '#engine/studies/mixtures'
import { chooseSequential } from '#engine/studies/sequentialChoice'
import type {
  MeasuredDomain,
  MeasuredLine,
  ModelResult,
  StudyResults
} from '#engine/studies/results'
import type { BaseUnit, BudgetKind, MergeKind, Mixture, StudyDraft } from '#shared/records'
import { LINE_POINTS } from '#shared/diagnosis'
import { StudySchema } from '#shared/records'

export interface SyntheticOptions {
  /** Base units of each partition. */
  partitions: Record<string, number>
  /** Partitions with a domain; all by default. */
  inDomains?: string[]
  /** External domains of kind `out`. */
  outDomains?: string[]
  mixtures?: StudyDraft['mixtures']
  sequential?: StudyDraft['sequential']
  merges?: MergeKind[]
  randomSeed?: number
  documents?: number
  /** Nats per token of a sequential model. */
  truth: (mixture: Mixture, domain: string, budget: BudgetKind) => number
  /** Nats per token of a merge. */
  proxy: (mixture: Mixture, domain: string, merge: MergeKind) => number
  /** Nats per token of a branch; default 4. */
  branch?: (unit: string, domain: string) => number
  /** Straight lines between models, by name; a loss at each place. */
  lines?: (Pick<MeasuredLine, 'kind' | 'from' | 'to'> & {
    loss: (t: number, domain: string) => number
  })[]
  /** Merges of earlier branches, of mixtures that are trained: nats per token at shares of the steps. */
  earlier?: Record<number, (mixture: Mixture, domain: string) => number>
  /** How much documents differ in difficulty, in nats per token, for each model apart. */
  documentNoise?: number
}

/** A number from −1 to 1 that depends on the text alone. */
export function noiseOf(text: string): number {
  let hash = 2166136261
  for (const letter of text) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619)
  hash = Math.imul(hash ^ (hash >>> 15), 2246822507)
  hash = Math.imul(hash ^ (hash >>> 13), 3266489909)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2147483648 - 1
}

function studyOf(options: SyntheticOptions): StudyDraft {
  return {
    version: 1,
    name: 'synthetic',
    randomSeed: options.randomSeed ?? 1,
    tokenizer: { kind: 'train', vocabularySize: 2048 },
    model: {
      hiddenSize: 8,
      hiddenLayers: 1,
      attentionHeads: 1,
      keyValueHeads: 1,
      intermediateSize: 16,
      contextLength: 8
    },
    seed: { source: 'none' },
    branch: { batchSize: 1, peakLearningRate: 1e-3, schedule: 'constant' },
    unit: { sequences: 10 },
    mixtures: options.mixtures ?? { choose: { kind: 'all', minimumSize: 2 } },
    sequential: options.sequential ?? { choose: { kind: 'all' } },
    ...(options.merges ? { merges: options.merges } : {})
  }
}

function unitsOf(partition: string, count: number): BaseUnit[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `${partition}#${String(i + 1)}`,
    partition,
    fingerprint: `unit ${partition} ${String(i)}`,
    tokens: partition,
    firstSequence: i * 10,
    sequences: 10
  }))
}

function domainOf(name: string, partition: string | null, documents: number): MeasuredDomain {
  const tokens = Array.from({ length: documents }, (_, i) => 50 + ((i * 37) % 100))
  const bytes = tokens.map((count) => count * 4)
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
  const isOverlapping = tokens.map((_, i) => i % 4 === 3)
  return {
    name,
    kind: partition === null ? 'out' : 'in',
    ...(partition === null ? {} : { partition }),
    fingerprint: `domain ${name}`,
    documents,
    tokens: sum(tokens),
    bytes: sum(bytes),
    overlapping: isOverlapping.filter(Boolean).length,
    duplicatesRemoved: 0,
    perDocument: { tokens, bytes, half: tokens.map(() => 'choose' as const), isOverlapping }
  }
}

/** Documents that differ, and yet sum to the loss asked for. */
function natsOf(domain: MeasuredDomain, loss: number, noise: number, label: string): number[] {
  const { tokens } = domain.perDocument
  const own = tokens.map((_, i) => noise * noiseOf(`${label} ${domain.name} ${String(i)}`))
  const drift = own.reduce((sum, value, i) => sum + value * tokens[i]!, 0) / domain.tokens
  return tokens.map((count, i) => count * (loss + own[i]! - drift))
}

/** Builds results in which every merge, branch and sequential model costs what is asked for. */
export function syntheticResults(options: SyntheticOptions): StudyResults {
  const study = StudySchema.parse(studyOf(options))
  const parts = Object.entries(options.partitions)
  const units = parts.map(([name, count]) => unitsOf(name, count))
  const mixtures = enumerateMixtures(study.mixtures, units.flat(), study.randomSeed)
  const truths = chooseSequential(study.sequential, mixtures, study.randomSeed)
  const documents = options.documents ?? 12
  const domains = [
    ...(options.inDomains ?? parts.map(([name]) => name)).map((name) =>
      domainOf(name, name, documents)
    ),
    ...(options.outDomains ?? []).map((name) => domainOf(name, null, documents))
  ]
  const model = (
    of: Pick<ModelResult, 'role' | 'name' | 'mixture' | 'merge' | 'budget'>,
    loss: (domain: string) => number
  ): ModelResult => {
    const label = [of.role, of.merge, of.budget, of.name].join(' ')
    const nats = domains.map((domain): [string, number[]] => [
      domain.name,
      natsOf(domain, loss(domain.name), options.documentNoise ?? 0, label)
    ])
    return { fingerprint: `model ${label}`, ...of, nats: new Map(nats) }
  }
  const none = { mixture: null, merge: null, budget: null }
  const branches = units
    .flat()
    .map(({ name }) =>
      model({ role: 'branch', name, ...none }, (domain) => options.branch?.(name, domain) ?? 4)
    )
  const merges = mixtures.flatMap((mixture) =>
    mixture.units.length < 2
      ? []
      : study.merges.map((merge) =>
          model(
            { role: 'merge', name: mixture.name, mixture: mixture.name, merge, budget: null },
            (domain) => options.proxy(mixture, domain, merge)
          )
        )
  )
  const sequential = truths.flatMap((mixture) =>
    study.sequential.budgets.map((budget) =>
      model(
        { role: 'sequential', name: mixture.name, mixture: mixture.name, merge: null, budget },
        (domain) => options.truth(mixture, domain, budget)
      )
    )
  )
  return {
    study,
    prepared: {
      tokenizer: { fingerprint: 'tokenizer', vocabularySize: 2048, endOfTextId: 0 },
      partitions: parts.map(([name], i) => ({
        name,
        documents: 10,
        bytes: 1000,
        tokens: 250,
        baseUnits: units[i]!,
        leftOverTokens: 3,
        heldOutDocuments: documents,
        heldOutBytes: 400,
        heldOutTokens: 100,
        duplicatesRemoved: 1,
        duplicateBytes: 20
      })),
      seed: null,
      domains,
      overlaps: []
    },
    mixtures,
    sequentialMixtures: truths.map((mixture) => mixture.name),
    pickedMixtures: [],
    domains,
    runs: [],
    models: [
      model({ role: 'seed', name: 'seed', ...none }, () => 5),
      ...branches,
      ...merges,
      ...sequential
    ],
    lines: (options.lines ?? []).map(({ loss, ...line }) => ({
      ...line,
      points: LINE_POINTS.map((t) => {
        const name = `${line.from} to ${line.to} at ${String(t)}`
        const { fingerprint, nats } = model({ role: 'merge', name, ...none }, (domain) =>
          loss(t, domain)
        )
        return { t, fingerprint, nats }
      })
    })),
    earlier: Object.entries(options.earlier ?? {}).map(([share, loss]) => ({
      share: Number(share),
      planned: truths.length,
      merges: new Map(
        truths.map((mixture) => {
          const name = `${mixture.name} at ${share}`
          return [
            mixture.name,
            model({ role: 'merge', name, ...none }, (domain) => loss(mixture, domain))
          ]
        })
      )
    }))
  }
}
