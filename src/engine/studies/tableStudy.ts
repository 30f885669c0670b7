/** A study made from tables, in the one form that all evidence is computed from. Pure. */
import { partitionWithoutText } from '#engine/data/importedPartitions'
import { countPairs, domainsOfAllRoles } from '#engine/data/tables/tableContents'
import { fingerprintOf } from '#engine/storage/fingerprint'
import type { ImportedTables, TableProxy } from '#shared/importedTables'
import type { BudgetKind, Mixture, PreparedPartition, Study } from '#shared/records'
import { WorkbenchError } from '#shared/errors'
import { byCodeUnit } from './subsets'
import { mixtureName } from './mixtures'
import type { DocumentChoice, MeasuredDomain, ModelResult, StudyResults } from './results'
import { defaultStudy } from './study'

/** What tables hold, as it is told after their import and in reports. */
export interface TablesSummary {
  layout: ImportedTables['layout']
  files: ImportedTables['files']
  budget: BudgetKind
  mixtures: number
  partitions: string[]
  domains: ImportedTables['domains']
  /** Mixtures with a sequential value. */
  sequential: number
  /** Of each proxy: its mixtures, and those of them with a sequential value. */
  proxies: { proxy: TableProxy; mixtures: number; pairs: number }[]
  notes: string[]
}

/** Says what tables hold, without the numbers. */
export function summarizeTables(tables: ImportedTables): TablesSummary {
  const { layout, files, budget, mixtures, partitions, domains, models, notes } = tables
  return {
    layout,
    files,
    budget,
    mixtures: mixtures.length,
    partitions,
    domains,
    sequential: models.filter(({ role }) => role === 'sequential').length,
    proxies: countPairs(tables),
    notes
  }
}

/**
 * The study record of a project made from tables: a name, a random seed for resampling, a budget.
 * Of model, recipe and text nothing is known; what stands there is never read.
 */
export function studyOfTables(name: string, { budget }: ImportedTables): Study {
  const study = defaultStudy(name)
  return { ...study, sequential: { ...study.sequential, budgets: [budget] } }
}

/**
 * Asserts that a choice of documents can be had: tables know none.
 *
 * @throws WorkbenchError `study/from-tables`
 */
export function assertAllDocuments(documents: DocumentChoice): void {
  if (documents === 'all') return
  throw new WorkbenchError(
    'study/from-tables',
    `The study was made from tables, which have one loss per domain and no documents: "${documents}" cannot be told apart. Ask for all of them.`,
    { documents }
  )
}

/** Means stand for documents: one of one token per domain, over which nothing can be resampled. */
const ONE_MEAN = { tokens: [1], bytes: [1], half: ['choose' as const], isOverlapping: [false] }

/** Imported tables as results: several random seeds of one model are one model, their mean. */
export function tableResults(study: Study, tables: ImportedTables): StudyResults {
  const mixtures = mixturesOf(tables)
  const shown = domainsOfAllRoles(tables)
  const domains = shown.map((d): MeasuredDomain => {
    const { name, kind, partition } = tables.domains[d]!
    return {
      name,
      kind,
      ...(partition === null ? {} : { partition }),
      fingerprint: `table domain ${name}`,
      documents: 1,
      tokens: 1,
      bytes: 1,
      overlapping: 0,
      duplicatesRemoved: 0,
      perDocument: ONE_MEAN
    }
  })
  const resultOf = (model: ImportedTables['models'][number]): ModelResult => {
    const nats = shown.flatMap((d): [string, number[]][] => {
      const runs = model.losses[d]!.filter((loss) => loss !== null)
      if (runs.length === 0) return []
      const mean = runs.reduce((sum, loss) => sum + loss, 0) / runs.length
      return [[tables.domains[d]!.name, [mean]]]
    })
    const { role } = model
    return {
      // What costs the same everywhere is the same model.
      fingerprint: fingerprintOf({ losses: model.losses, mixture: model.mixture }),
      role: role === 'seed' || role === 'sequential' ? role : 'proxy',
      name: role,
      mixture: model.mixture === null ? null : mixtures[model.mixture]!.name,
      merge: null,
      budget: role === 'sequential' ? tables.budget : null,
      nats: new Map(nats)
    }
  }
  const known = (models: ImportedTables['models']) =>
    models.map(resultOf).filter(({ nats }) => nats.size > 0)
  const measured = known(tables.models)
  return {
    // Merges of tables are proxies like others: nothing is averaged here.
    study: { ...study, merges: [] },
    tables: summarizeTables(tables),
    prepared: {
      tokenizer: { fingerprint: '', vocabularySize: 1, endOfTextId: 0 },
      partitions: tables.partitions.map(emptyPartition),
      seed: null,
      domains,
      overlaps: []
    },
    mixtures,
    sequentialMixtures: measured.flatMap(({ role, mixture }) =>
      role === 'sequential' ? [mixture!] : []
    ),
    pickedMixtures: [],
    domains,
    runs: [],
    models: measured,
    repeats: singleSeeds(tables).map((models, place) => ({
      randomSeed: place + 1,
      models: known(models)
    })),
    lines: [],
    earlier: []
  }
}

/** The tables by random seed, counted from the first of each model; none where each model has one. */
function singleSeeds({ models }: ImportedTables): ImportedTables['models'][] {
  const most = Math.max(0, ...models.map(({ randomSeeds }) => randomSeeds.length))
  if (most < 2) return []
  return Array.from({ length: most }, (_, place) =>
    models
      .filter(({ randomSeeds }) => randomSeeds.length > 1 && place < randomSeeds.length)
      .map((model) => ({
        ...model,
        randomSeeds: [model.randomSeeds[place]!],
        losses: model.losses.map((runs) => [runs[place]!])
      }))
  )
}

function mixturesOf({ mixtures, partitions }: ImportedTables): Mixture[] {
  const taken = new Set(mixtures.flatMap(({ name }) => name ?? []))
  return mixtures.map(({ name, weights }): Mixture => {
    const held = partitions
      .flatMap((partition, i) => (weights[i]! > 0 ? [{ partition, weight: weights[i]! }] : []))
      .sort((a, b) => byCodeUnit(a.partition, b.partition))
    const areEqual = held.every(({ weight }) => weight === held[0]!.weight)
    const members = held.map(({ partition, weight }) => ({
      name: partition,
      weight: areEqual ? null : weight
    }))
    const byWeights = mixtureName(members)
    return {
      name: name ?? (taken.has(byWeights) ? `${byWeights} (unnamed)` : byWeights),
      members,
      units: held.map(({ partition, weight }) => ({
        unit: partition,
        partition,
        microWeight: weight,
        macroWeight: weight
      }))
    }
  })
}

/** A partition of which only the name is known: one unit stands for all of it. */
function emptyPartition(name: string): PreparedPartition {
  const unit = {
    name,
    partition: name,
    fingerprint: `table partition ${name}`,
    tokens: '',
    firstSequence: 0,
    sequences: 1
  }
  return partitionWithoutText(name, [unit])
}
