/** From observations to the record of a study made from tables. */
import type { ImportedTables } from '#shared/importedTables'
import type { BudgetKind } from '#shared/records'
import { identifyMixtures } from './identifyMixtures'
import type { Group } from './identifyMixtures'
import type { Observation } from './observations'
import { countPairs, domainsOfAllRoles, isMeasured } from './tableContents'
import { cellError, fileError, rowError } from './tableFile'

type Model = ImportedTables['models'][number]
type Domain = ImportedTables['domains'][number]

/** Fewest mixtures with a proxy and a sequential value for which an agreement is a number. */
const FEWEST_PAIRS = 4

/**
 * Gathers observations by model, domain and random seed.
 *
 * Partitions and domains stand in the order in which they are read first. A domain of a
 * partition's name is in-domain unless the table says otherwise.
 *
 * @param groups observations of files that belong together
 * @throws WorkbenchError `table/invalid` for rows that are there twice, weights that are no shares,
 *   and a domain of two kinds
 */
export function gatherTables(
  groups: readonly Group[],
  of: Pick<ImportedTables, 'layout' | 'files'> & { budget: BudgetKind }
): ImportedTables {
  const observations = groups.flat()
  const { mixtures, places, notes } = identifyMixtures(groups)
  if (mixtures.length === 0) {
    throw fileError(
      of.files.map(({ name }) => name).join(', '),
      'losses of at least one mixture',
      'none'
    )
  }
  const partitions = distinct(observations.flatMap(({ weights }) => [...weights.keys()]))
  const domains = domainsOf(observations, partitions)
  const models = modelsOf(observations, places, domains)
  const tables: ImportedTables = {
    format: 'assay-tables',
    version: 1,
    ...of,
    partitions,
    domains,
    mixtures: mixtures.map(({ name, shares }) => ({
      name,
      weights: partitions.map((partition) => shares.get(partition) ?? 0)
    })),
    models,
    notes: []
  }
  return { ...tables, notes: [...notes, ...notesOn(tables)] }
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)]
}

function domainsOf(observations: readonly Observation[], partitions: readonly string[]): Domain[] {
  const said = new Map<string, Observation>()
  for (const one of observations) {
    const other = said.get(one.domain)
    if (one.kind === null) continue
    if (other && other.kind !== one.kind) {
      const expected = `"${other.kind!}" for ${one.domain}, as in line ${other.row.line}`
      throw cellError(one.row, 'domain_kind', expected, `"${one.kind}"`)
    }
    said.set(one.domain, other ?? one)
  }
  return distinct(observations.map(({ domain }) => domain)).map((name): Domain => {
    const isPartition = partitions.includes(name)
    const kind = said.get(name)?.kind ?? (isPartition ? 'in' : 'out')
    return { name, kind, partition: kind === 'in' && isPartition ? name : null }
  })
}

function modelsOf(
  observations: readonly Observation[],
  places: readonly (number | null)[],
  domains: readonly Domain[]
): Model[] {
  const domainPlace = new Map(domains.map(({ name }, place) => [name, place]))
  const models = new Map<string, Model>()
  const seen = new Map<string, Observation>()
  observations.forEach((one, i) => {
    const mixture = places[i]!
    const key = `${one.role}\n${mixture ?? ''}`
    const twice = `${key}\n${one.domain}\n${one.randomSeed ?? ''}`
    const other = seen.get(twice)
    if (other) {
      throw rowError(
        one.row,
        `one loss of ${one.role} on ${one.domain} for each mixture and random seed`,
        `a second one for the weights of line ${other.row.line}`,
        'Take one of them out, or tell repeated runs apart by a column random_seed.',
        'randomSeeds'
      )
    }
    seen.set(twice, one)
    let model = models.get(key)
    if (!model) {
      model = { role: one.role, mixture, randomSeeds: [], losses: domains.map(() => []) }
      models.set(key, model)
    }
    let run = model.randomSeeds.indexOf(one.randomSeed)
    if (run < 0) {
      run = model.randomSeeds.push(one.randomSeed) - 1
      for (const losses of model.losses) losses.push(null)
    }
    model.losses[domainPlace.get(one.domain)!]![run] = one.loss
  })
  return [...models.values()]
}

/** What somebody should know of the tables before believing what comes of them. */
function notesOn(tables: ImportedTables): string[] {
  return [...repeatedRuns(tables), ...missingLosses(tables), ...fewPairs(tables)]
}

/** Noise of training: how far losses of one role differ by the random seed alone. */
function repeatedRuns({ models }: ImportedTables): string[] {
  return distinct(models.map(({ role }) => role)).flatMap((role) => {
    const repeated = models
      .filter((model) => model.role === role)
      .flatMap(({ losses }) => losses.map((runs) => runs.filter((loss) => loss !== null)))
      .filter((runs) => runs.length > 1)
    if (repeated.length === 0) return []
    let squares = 0
    let freedom = 0
    for (const runs of repeated) {
      const mean = runs.reduce((sum, loss) => sum + loss, 0) / runs.length
      for (const loss of runs) squares += (loss - mean) ** 2
      freedom += runs.length - 1
    }
    const spread = Math.sqrt(squares / freedom).toPrecision(2)
    return [
      `${repeated.length} ${role} losses are means over several random seeds, which differ by a standard deviation of ${spread} nats per token; the loss of each is kept.`
    ]
  })
}

function missingLosses(tables: ImportedTables): string[] {
  const { models, domains, mixtures } = tables
  const shared = domainsOfAllRoles(tables)
  const left = domains.filter((_, d) => !shared.includes(d)).map(({ name }) => name)
  const partly = distinct(
    models
      .filter((model) => model.role !== 'seed' && shared.some((d) => !isMeasured(model, d)))
      .map(({ mixture }) => mixture)
  )
  return [
    ...(left.length > 0
      ? [
          `Not every role has values on ${left.join(', ')}: left out of the evidence, kept in the project.`
        ]
      : []),
    ...(partly.length > 0
      ? [
          `${partly.length} of ${mixtures.length} mixtures ${partly.length === 1 ? 'lacks' : 'lack'} a loss on some domain: means over domains leave ${partly.length === 1 ? 'it' : 'them'} out.`
        ]
      : [])
  ]
}

function fewPairs(tables: ImportedTables): string[] {
  const counted = countPairs(tables)
  if (counted.length === 0) {
    return ['There is no proxy in the tables: no agreement can be given.']
  }
  return counted.flatMap(({ proxy, pairs }) =>
    pairs < FEWEST_PAIRS
      ? [
          `${pairs} ${pairs === 1 ? 'mixture has' : 'mixtures have'} both ${proxy} and sequential values: fewer than ${FEWEST_PAIRS}, so no agreement can be given as a number.`
        ]
      : []
  )
}
