/** The tables a study is exported as: rows for CSV and Parquet alike. */
import type { Interval } from '#engine/statistics/intervals'
import { LINE_POINTS } from '#shared/diagnosis'
import type { AdditionEffect } from '#shared/additionEffect'
import type { Estimate, Noise } from '#shared/evidenceView'
import { studyAgreement, studyPairs } from './agreement'
import type { AgreementRow } from './agreement'
import { additionEffects } from './evidence/additions'
import { compareProxies, UNKNOWN } from './evidence/comparison'
import { measureNoise } from './evidence/noise'
import { predictedLosses } from './evidence/predicted'
import type { ProxyComparison } from './evidence/comparison'
import { readLines } from './evidence/lineLosses'
import type { AgreementStatistic } from './evidence/measureStratum'
import { studyFits } from './evidence/fits'
import type { FitRow } from './evidence/fits'
import { studyOffsets } from './evidence/sizeOffsets'
import type { OffsetRow } from './evidence/sizeOffsets'
import type { DocumentChoice, StudyResults } from './results'
import * as columns from './export/columns'
import type { Row, Table } from './export/columns'
import { effectRows } from './export/effectRows'
import { measurementRows } from './export/measurementRows'
import { assertAllDocuments } from './tableStudy'

export { fromCsv, toCsv } from './export/csv'
export type { Column, Row, Table } from './export/columns'

function partitionRows({ prepared, tables }: StudyResults): Row[] {
  if (tables) return tables.partitions.map((partition) => ({ partition }))
  return prepared.partitions.map((partition) => ({
    partition: partition.name,
    documents: partition.documents,
    bytes: partition.bytes,
    tokens: partition.tokens,
    base_units: partition.baseUnits.length,
    left_over_tokens: partition.leftOverTokens,
    held_out_tokens: partition.heldOutTokens,
    duplicates_removed: partition.duplicatesRemoved,
    held_out_documents: partition.heldOutDocuments,
    held_out_bytes: partition.heldOutBytes,
    duplicate_bytes: partition.duplicateBytes
  }))
}

function runRows({ runs }: StudyResults): Row[] {
  return runs.map((run) => ({
    run: run.name,
    role: run.role,
    mixture: run.mixture,
    base_units: run.baseUnits,
    tokens: run.tokens,
    steps: run.steps,
    final_loss: run.finalLoss,
    seconds: run.elapsedMs / 1000,
    tokens_per_second: run.tokensPerSecond,
    backend: run.backend,
    budget: run.budget,
    state: run.state,
    device: run.device,
    chosen_by: run.chosenBy,
    fingerprint: run.fingerprint,
    random_seed: run.randomSeed
  }))
}

function pairRows(results: StudyResults, documents: DocumentChoice): Row[] {
  return studyPairs(results, { documents }).map((pair) => ({
    mixture: pair.mixture,
    size: pair.size,
    budget: pair.budget,
    domain: pair.domain,
    domain_kind: pair.domainKind,
    proxy: pair.proxy,
    proxy_perplexity: pair.proxyPerplexity,
    sequential_perplexity: pair.sequentialPerplexity,
    documents,
    evidence: pair.isEvidence ? 'yes' : 'no'
  }))
}

function statisticCells(name: string, statistic: AgreementStatistic): Row {
  return {
    ...estimateCells(name, statistic),
    [`${name}_p`]: statistic.p,
    [`${name}_p_holm`]: statistic.holm
  }
}

/** An estimate with the ends of its intervals, under the name of its columns. */
export function estimateCells(name: string, { value, interval, drop }: Estimate): Row {
  const ends = (prefix: string, ends: Interval | null): Row => ({
    [`${prefix}_low`]: ends?.low ?? null,
    [`${prefix}_high`]: ends?.high ?? null
  })
  return { [name]: value, ...ends(name, interval), ...ends(`${name}_drop`, drop) }
}

function comparisonRow(row: ProxyComparison, documents: DocumentChoice): Row {
  return {
    domain: row.domain,
    domain_kind: row.domainKind,
    budget: row.budget,
    proxy: row.proxy,
    n: row.n,
    ...estimateCells('spearman', row.spearman),
    ...estimateCells('accuracy', row.accuracy),
    ...estimateCells('top_quarter', row.topQuarter),
    ...estimateCells('regret', row.regret),
    ...estimateCells('regret_share', row.regretShare),
    ...estimateCells('slope', row.slope),
    ...estimateCells('offset', row.offset),
    ...estimateCells('accuracy_difference', row.difference?.accuracy ?? UNKNOWN),
    ...estimateCells('spearman_difference', row.difference?.spearman ?? UNKNOWN),
    documents,
    ...estimateCells('top_spearman', row.topSpearman)
  }
}

function offsetRow(row: OffsetRow, documents: DocumentChoice): Row {
  return {
    domain: row.domain,
    domain_kind: row.domainKind,
    budget: row.budget,
    proxy: row.proxy,
    n: row.n,
    partitions_least: row.partitions.least,
    partitions_most: row.partitions.most,
    branches_least: row.branches.least,
    branches_most: row.branches.most,
    intercept: row.intercept,
    per_partition: row.perPartition,
    per_branch: row.perBranch,
    rmse_raw: row.rmse.raw,
    rmse_levelled: row.rmse.levelled,
    pairs: row.pairs,
    accuracy_raw: row.accuracy?.raw ?? null,
    accuracy_levelled: row.accuracy?.levelled ?? null,
    accuracy_count: row.countAccuracy,
    regret_raw: row.regret.raw,
    regret_levelled: row.regret.levelled,
    earns: row.isEarned ? 'yes' : 'no',
    documents
  }
}

function fitRow(row: FitRow, documents: DocumentChoice): Row {
  return {
    domain: row.domain,
    domain_kind: row.domainKind,
    proxy: row.proxy,
    budget: row.budget,
    n: row.n,
    rmse_one: row.one?.rmse ?? null,
    rmse_tenth: row.tenth?.rmse ?? null,
    rmse_mean: row.tenth?.meanRmse ?? null,
    spearman: row.tenth?.spearman ?? null,
    documents
  }
}

function noiseRow(row: Noise, documents: DocumentChoice): Row {
  const deviationCells = (name: string, of: Noise['ofProxy']): Row => ({
    [name]: of?.deviation ?? null,
    [`${name}_low`]: of?.interval?.low ?? null,
    [`${name}_high`]: of?.interval?.high ?? null,
    [`${name}_degrees`]: of?.degrees ?? null
  })
  return {
    domain: row.domain,
    domain_kind: row.domainKind,
    budget: row.budget,
    proxy: row.proxy,
    n: row.n,
    spread: row.spread,
    repeated: row.truth.repeated,
    ...deviationCells('sequential_noise', row.truth),
    ...deviationCells('proxy_noise', row.ofProxy),
    pairs: row.beyondNoise.pairs,
    ties: row.beyondNoise.ties,
    accuracy_beyond_noise: row.beyondNoise.accuracy,
    spearman_ceiling: row.ceiling.perfect.spearman,
    accuracy_ceiling: row.ceiling.perfect.accuracy,
    spearman_ceiling_as_noisy: row.ceiling.sameNoise?.spearman ?? null,
    accuracy_ceiling_as_noisy: row.ceiling.sameNoise?.accuracy ?? null,
    spearman_other_seeds: row.otherSeeds.map(({ spearman }) => spearman ?? '').join(' '),
    documents
  }
}

function predictionRows(results: StudyResults): Row[] {
  return predictedLosses(results).map((one) => ({
    mixture: one.mixture,
    budget: one.budget,
    chosen_by: one.chosenBy,
    proxy: one.proxy,
    domain: one.domain,
    predicted: one.predicted,
    sequential: one.sequential,
    error: one.sequential === null ? null : one.predicted - one.sequential,
    trained_then: one.trained
  }))
}

function agreementRow(row: AgreementRow, documents: DocumentChoice): Row {
  return {
    domain: row.domain,
    domain_kind: row.domainKind,
    budget: row.budget,
    stratum: row.stratum,
    proxy: row.proxy,
    n: row.n,
    ...statisticCells('pearson', row.pearson),
    ...statisticCells('spearman', row.spearman),
    ...statisticCells('kendall', row.kendall),
    relabellings: row.relabellings,
    p_smallest: row.smallestP,
    documents
  }
}

function domainRows({ prepared, domains, tables }: StudyResults): Row[] {
  if (tables) {
    return domains.map(({ name, kind, partition = null }) => ({
      domain: name,
      domain_kind: kind,
      partition
    }))
  }
  return prepared.domains.map((domain) => ({
    domain: domain.name,
    domain_kind: domain.kind,
    partition: domain.partition ?? null,
    documents: domain.documents,
    tokens: domain.tokens,
    bytes: domain.bytes,
    overlapping_documents: domain.overlapping,
    duplicates_removed: domain.duplicatesRemoved,
    fingerprint: domain.fingerprint,
    context_tokens: domain.contextTokens ?? null,
    other_answers: domain.choices?.answers ?? null,
    other_answers_fingerprint: domain.choices?.fingerprint ?? null
  }))
}

function overlapRows({ prepared }: StudyResults): Row[] {
  return prepared.overlaps.map((overlap) => ({
    partition: overlap.partition,
    domain: overlap.domain,
    grams: overlap.grams,
    shared_grams: overlap.sharedGrams,
    documents: overlap.documents,
    overlapping_documents: overlap.overlappingDocuments
  }))
}

function mixtureRows({ mixtures }: StudyResults): Row[] {
  return mixtures.flatMap((mixture) =>
    mixture.units.map((unit) => ({
      mixture: mixture.name,
      unit: unit.unit,
      weight: unit.microWeight,
      macro_weight: unit.macroWeight,
      partition: unit.partition
    }))
  )
}

function lineRows(results: StudyResults, documents: DocumentChoice): Row[] {
  return readLines(results, documents).flatMap(({ kind, from, to, domains }) =>
    domains.flatMap(({ domain, losses, above, barrier }) =>
      losses.map((loss, i) => ({
        line: kind,
        from,
        to,
        domain,
        t: LINE_POINTS[i]!,
        loss,
        above_straight: above[i]!,
        barrier,
        documents
      }))
    )
  )
}

/** Every table with its meaning and columns, in the order they are written. */
export const TABLES: Omit<Table, 'rows'>[] = [
  { name: 'partitions', meaning: 'The token ledger', columns: columns.PARTITION_COLUMNS },
  { name: 'runs', meaning: 'Training runs', columns: columns.RUN_COLUMNS },
  {
    name: 'measurements',
    meaning: 'Every model on every held-out domain',
    columns: columns.MEASUREMENT_COLUMNS
  },
  {
    name: 'pairs',
    meaning: 'What proxies say beside what sequential training gives',
    columns: columns.PAIR_COLUMNS
  },
  {
    name: 'agreement',
    meaning: 'How far each proxy may be trusted',
    columns: columns.AGREEMENT_COLUMNS
  },
  {
    name: 'comparison',
    meaning:
      'Proxies side by side, among mixtures of one size: what choosing by each would have cost',
    columns: columns.COMPARISON_COLUMNS
  },
  {
    name: 'noise',
    meaning:
      'How far trainings under other random seeds differ, and what agreement that leaves to reach',
    columns: columns.NOISE_COLUMNS
  },
  {
    name: 'predictions',
    meaning: 'What proxies said of sequential models before these were trained',
    columns: columns.PREDICTION_COLUMNS
  },
  { name: 'mixtures', meaning: 'What each mixture is made of', columns: columns.MIXTURE_COLUMNS },
  { name: 'domains', meaning: 'What models are measured on', columns: columns.DOMAIN_COLUMNS },
  {
    name: 'overlaps',
    meaning: 'How much of each held-out domain stands in each training text, in 13-grams of words',
    columns: columns.OVERLAP_COLUMNS
  },
  {
    name: 'lines',
    meaning:
      'Loss along straight lines between models, in the space of their weights; empty until they are measured',
    columns: columns.LINE_COLUMNS
  },
  {
    name: 'offsets',
    meaning:
      'Truth less proxy by the numbers of partitions and branches merged: what it takes to rank different sizes together, and whether it earns its place',
    columns: columns.OFFSET_COLUMNS
  },
  {
    name: 'fits',
    meaning: 'How far each regression is off on mixtures that it was not fitted on',
    columns: columns.FIT_COLUMNS
  },
  {
    name: 'effects',
    meaning:
      'What adding each partition does to the loss, over all pairs of mixtures with it and without it',
    columns: columns.EFFECT_COLUMNS
  }
]

interface TableOptions {
  /** Default `all`. */
  documents?: DocumentChoice
  /** What was computed on these documents already: it costs seconds. */
  known?: {
    agreement: AgreementRow[]
    comparison: ProxyComparison[]
    noise: Noise[]
    fits: FitRow[]
    effects: AdditionEffect[]
  }
}

/**
 * Builds all tables of a study, in a fixed order of rows: the same results give the same text,
 * byte for byte, but for the columns of timing.
 *
 * @param options.documents which documents pairs and agreement are measured on; the column
 *   `documents` says so
 * @throws WorkbenchError `study/from-tables` for a choice of documents where there are none
 */
export function studyTables(results: StudyResults, options: TableOptions = {}): Table[] {
  if (results.tables) assertAllDocuments(options.documents ?? 'all')
  return TABLES.map(({ name }) => studyTable(results, name, options)!)
}

/** Builds one of them alone, since agreement costs seconds; null for a name that none has. */
export function studyTable(
  results: StudyResults,
  name: string,
  options: TableOptions = {}
): Table | null {
  const documents = options.documents ?? 'all'
  const table = TABLES.find((one) => one.name === name)
  if (!table) return null
  const rows: Record<string, () => Row[]> = {
    partitions: () => partitionRows(results),
    runs: () => runRows(results),
    measurements: () => measurementRows(results),
    pairs: () => pairRows(results, documents),
    agreement: () =>
      (options.known?.agreement ?? studyAgreement(results, { documents })).map((row) =>
        agreementRow(row, documents)
      ),
    comparison: () =>
      (options.known?.comparison ?? compareProxies(results, { documents })).map((row) =>
        comparisonRow(row, documents)
      ),
    noise: () =>
      (options.known?.noise ?? measureNoise(results, { documents })).map((row) =>
        noiseRow(row, documents)
      ),
    predictions: () => predictionRows(results),
    mixtures: () => mixtureRows(results),
    domains: () => domainRows(results),
    overlaps: () => overlapRows(results),
    lines: () => lineRows(results, documents),
    offsets: () => studyOffsets(results, { documents }).map((row) => offsetRow(row, documents)),
    fits: () =>
      (options.known?.fits ?? studyFits(results, { documents })).map((row) =>
        fitRow(row, documents)
      ),
    effects: () =>
      effectRows(options.known?.effects ?? additionEffects(results, { documents }), documents)
  }
  return { ...table, rows: rows[name]!() }
}
