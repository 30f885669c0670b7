/** Rows of measurements.csv: every model on every domain and on the means over domains. */
import { drawDocuments, resampledLosses } from '#engine/statistics/documents'
import type { DocumentResamples } from '#engine/statistics/documents'
import { percentileInterval } from '#engine/statistics/intervals'
import { addLossSums, bitsPerByte, perplexity } from '#shared/metrics'
import type { LossSum } from '#shared/metrics'
import { documentSeed } from '../evidence/resampledChange'
import { domainMeans, meanOver } from '../evidence/scores'
import type { DomainMean } from '../evidence/scores'
import { chosenDocuments } from '../results'
import type { MeasuredDomain, ModelResult, StudyResults } from '../results'
import { taskScore } from '../taskScores'
import type { TaskScore } from '../taskScores'
import type { Row } from './columns'

const ROLE_ORDER = { seed: 0, branch: 1, merge: 2, ensemble: 3, proxy: 4, sequential: 5 }

/** A model's readable name, unique in its study. */
function modelLabel(model: ModelResult): string {
  switch (model.role) {
    case 'seed':
      return 'seed'
    case 'branch':
      return `branch ${model.name}`
    case 'merge':
      return `merge-${model.merge!} ${model.mixture!}`
    case 'ensemble':
      return `ensemble ${model.mixture!}`
    case 'proxy':
      return `${model.name} ${model.mixture!}`
    case 'sequential':
      return `sequential-${model.budget!} ${model.mixture!}`
  }
}

/** Seed, branches, merges, ensembles, tabled proxies, sequential models; each in the order of units and mixtures. */
function sortModels(results: StudyResults): ModelResult[] {
  const units = results.prepared.partitions.flatMap(({ baseUnits }) => baseUnits)
  const order = [...units, ...results.mixtures].map(({ name }) => name)
  const place = new Map(order.map((name, i) => [name, i]))
  const unitPlace = new Map(units.map(({ name }, i) => [name, i]))
  const placeOf = (model: ModelResult) =>
    (model.mixture === null ? unitPlace.get(model.name) : place.get(model.mixture)) ?? -1
  return [...results.models].sort(
    (a, b) =>
      ROLE_ORDER[a.role] - ROLE_ORDER[b.role] ||
      placeOf(a) - placeOf(b) ||
      (modelLabel(a) < modelLabel(b) ? -1 : 1)
  )
}

/** The study's models, then those that were trained again. */
function everyModel(results: StudyResults): (ModelResult & { randomSeed: number | null })[] {
  const repeats = results.tables ? [] : (results.repeats ?? [])
  return [
    ...sortModels(results).map((model) => ({ ...model, randomSeed: null })),
    ...repeats.flatMap(({ randomSeed, models }) =>
      sortModels({ ...results, models }).map((model) => ({ ...model, randomSeed }))
    )
  ]
}

function sumOver(domain: MeasuredDomain, nats: number[], chosen: number[]): LossSum {
  const { tokens, bytes } = domain.perDocument
  return addLossSums(chosen.map((i) => ({ nats: nats[i]!, tokens: tokens[i]!, bytes: bytes[i]! })))
}

/** A domain with what all models share on it. */
interface SharedDomain {
  domain: MeasuredDomain
  all: number[]
  clean: number[]
  drawn: DocumentResamples
}

/** One model on one domain, with its loss in every resample of the documents. */
interface Measured {
  total: LossSum
  clean: LossSum
  losses: Float64Array
  task: TaskScore | null
}

function measure(shared: SharedDomain, model: ModelResult): Measured | null {
  const nats = model.nats.get(shared.domain.name)
  if (!nats) return null
  return {
    total: sumOver(shared.domain, nats, shared.all),
    clean: sumOver(shared.domain, nats, shared.clean),
    losses: resampledLosses(shared.drawn, nats),
    task: taskScore(model, shared.domain, shared.all)
  }
}

/** Of a loss that a table gives nobody knows over which tokens it is a mean. */
function tabledRow({ domain }: SharedDomain, { total }: Measured): Row {
  return { domain: domain.name, domain_kind: domain.kind, perplexity: perplexity(total) }
}

function domainRow({ domain, all, clean }: SharedDomain, measured: Measured): Row {
  const ends = all.length < 2 ? null : percentileInterval(measured.losses)
  return {
    domain: domain.name,
    domain_kind: domain.kind,
    nats: measured.total.nats,
    tokens: measured.total.tokens,
    bytes: measured.total.bytes,
    perplexity: perplexity(measured.total),
    perplexity_low: ends && Math.exp(ends.low),
    perplexity_high: ends && Math.exp(ends.high),
    bits_per_byte: bitsPerByte(measured.total),
    documents: all.length,
    clean_documents: clean.length,
    clean_tokens: measured.clean.tokens,
    clean_perplexity: clean.length > 0 ? perplexity(measured.clean) : null,
    items: measured.task?.items ?? null,
    accuracy: measured.task?.accuracy ?? null,
    accuracy_per_byte: measured.task?.accuracyPerByte ?? null,
    normalized_probability: measured.task?.normalizedProbability ?? null
  }
}

/** A mean over domains, its interval from resampling the documents of each domain apart. */
function meanRow(mean: DomainMean, shared: SharedDomain[], measured: Measured[]): Row {
  const own = mean.over.map((d) => measured[d]!)
  const resamples = own[0]!.losses.length
  const values = Float64Array.from({ length: resamples }, (_, b) =>
    meanOver(mean, (d) => measured[d]!.losses[b]!)
  )
  const ends = mean.over.every((d) => shared[d]!.all.length > 1) ? percentileInterval(values) : null
  const bits = own.reduce((sum, { total }) => sum + bitsPerByte(total), 0) / own.length
  return {
    domain: mean.name,
    domain_kind: 'mean',
    perplexity: meanOver(mean, (d) => Math.log(perplexity(measured[d]!.total))),
    perplexity_low: ends && ends.low,
    perplexity_high: ends && ends.high,
    bits_per_byte: bits
  }
}

/**
 * Rows of measurements.csv. A mean is there only when the model is measured on all of its domains.
 *
 * Documents are resampled alike for every model, so intervals of two models on one domain may be
 * compared as paired.
 */
export function measurementRows(results: StudyResults): Row[] {
  const shared = results.domains.map((domain) => ({
    domain,
    all: chosenDocuments(domain, 'all'),
    clean: chosenDocuments(domain, 'clean'),
    drawn: drawDocuments(domain.perDocument.tokens, documentSeed(results.study.randomSeed, domain))
  }))
  const means = domainMeans(results.domains)
  return everyModel(results).flatMap(({ randomSeed, ...model }) => {
    const measured = shared.map((one) => measure(one, model))
    const of: Row = {
      model: modelLabel(model) + (randomSeed === null ? '' : ` (random seed ${randomSeed})`),
      role: model.role,
      mixture: model.mixture,
      merge: model.merge,
      budget: model.budget,
      fingerprint: model.fingerprint,
      random_seed: randomSeed
    }
    const rowOf = results.tables ? tabledRow : domainRow
    const rows = measured.flatMap((one, d) => (one ? [rowOf(shared[d]!, one)] : []))
    const whole = means.filter(({ over }) => over.every((d) => measured[d] !== null))
    const meanRows = whole.map((mean) => {
      const row = meanRow(mean, shared, measured as Measured[])
      return results.tables ? { ...row, bits_per_byte: null } : row
    })
    return [...rows, ...meanRows].map((row) => ({ ...of, ...row }))
  })
}
