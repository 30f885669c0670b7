/** Every proxy and every sequential value of a study, by domain and mixture, means included. */
import { BRANCH_PROXIES } from '#engine/proxies/branchProxies'
import { compositions, partitionShare, unitCount } from '#engine/proxies/composition'
import { predictMixtures } from '#engine/proxies/regression/predictMixtures'
import { textOverlaps } from '#engine/proxies/textOverlap'
import { REGRESSIONS } from '#engine/proxies/regression/regression'
import type { RegressionKind } from '#engine/proxies/regression/regression'
import { TABLE_PROXIES } from '#shared/importedTables'
import type { TableProxy } from '#shared/importedTables'
import { meanLoss } from '#shared/metrics'
import type { BudgetKind, DomainKind, MergeKind, Mixture, Study } from '#shared/records'
import { chosenDocuments, indexModels } from '../results'
import type { DocumentChoice, MeasuredDomain, ModelResult, StudyResults } from '../results'

/** A merge or a branch's worth: a loss that is measured and not fitted. */
export type MeasuredProxy = TableProxy | `merge-${MergeKind}`

/** What may stand in for a sequential model. */
export type ProxyName = MeasuredProxy | FittedProxy | BaselineProxy

/** What reads no model: numbers that are no losses, of which more stands for a lower one. */
export type BaselineProxy = (typeof BASELINES)[number]

const BASELINES = ['count', 'share', 'overlap'] as const

/** A regression on what was trained, or on merges, which are free. */
export type FittedProxy = RegressionKind | `${RegressionKind}-merged`

/** Merges between micro and macro behind these two, else in the order of the list. */
export function measuredProxies({ merges }: Pick<Study, 'merges'>): MeasuredProxy[] {
  const names = TABLE_PROXIES as readonly MeasuredProxy[]
  const between = merges.map((merge) => `merge-${merge}` as const)
  return [...new Set([...names.slice(0, 2), ...between.sort().reverse(), ...names])]
}

/** Mixtures that must be trained before a regression says anything. */
const FEWEST_FITTED = 5

const MERGED_REGRESSIONS = REGRESSIONS.map((kind) => `${kind}-merged` as const)

/** True for proxies that are fitted on what was trained. */
export function isFittedOnTruth(name: ProxyName): name is RegressionKind {
  return (REGRESSIONS as readonly ProxyName[]).includes(name)
}

/** True for all proxies that are fitted, be it on what was trained or on merges. */
export function isRegression(name: ProxyName): name is FittedProxy {
  return isFittedOnTruth(name) || (MERGED_REGRESSIONS as readonly ProxyName[]).includes(name)
}

/** True for proxies in the unit of the truth; counts, shares and overlaps are none. */
export function isLoss(name: ProxyName): name is MeasuredProxy | FittedProxy {
  return !(BASELINES as readonly ProxyName[]).includes(name)
}

/** A domain, or a mean over several of them. */
export interface ScoredDomain {
  name: string
  kind: DomainKind | 'mean'
  /** The training partition the domain is held out of. */
  partition: string | null
}

/** A mean over domains. */
export interface DomainMean extends ScoredDomain {
  kind: 'mean'
  /** Places of the domains it is over. */
  over: number[]
  /** True: mean of log perplexities, in nats per token; false: mean of perplexities. */
  isLog: boolean
}

/** Values of all mixtures on all domains; NaN where something is not measured. */
export interface Scores {
  mixtures: Mixture[]
  domains: ScoredDomain[]
  proxies: ProxyName[]
  budgets: BudgetKind[]
  /**
   * Value of a proxy for each mixture; null where the proxy says nothing about such a domain.
   *
   * Regressions are fitted on the sequential models of the budget; of a mixture that was trained
   * they say what a fit without it does. Those on merges see no sequential model at all, so that
   * nothing has to be left out of them.
   */
  proxy(name: ProxyName, domain: number, budget: BudgetKind): Float64Array | null
  /** What a regression is fitted on: nats per token by mixture, then domain; null for others. */
  fittedOn(name: ProxyName, budget: BudgetKind): readonly Float64Array[] | null
  /** Value of the seed itself. */
  seed(domain: number): number
  /**
   * Value of the sequential model of each mixture; NaN too where that model is its merge, since
   * agreement with oneself is no evidence.
   */
  sequential(budget: BudgetKind, domain: number): Float64Array
  /** The same, those that are their merge included. */
  everySequential(budget: BudgetKind, domain: number): Float64Array
  /** True for mixtures whose sequential model is their merge: one branch. */
  isMerge(budget: BudgetKind, mixture: number): boolean
}

/** Domains with at least one document under a choice; others are neither shown nor averaged. */
export function domainsWithText(
  results: StudyResults,
  documents: DocumentChoice
): MeasuredDomain[] {
  return results.domains.filter((domain) => chosenDocuments(domain, documents).length > 0)
}

/**
 * The means over domains: in-domain, out-of-domain and all, each of perplexity and of its log.
 *
 * `mean-all` is over every domain, those like the seed's text too. A mean over none is left out.
 */
export function domainMeans(domains: { kind: DomainKind }[]): DomainMean[] {
  const groups = [
    { name: 'mean-in', has: (kind: DomainKind) => kind === 'in' },
    { name: 'mean-out', has: (kind: DomainKind) => kind === 'out' },
    { name: 'mean-all', has: () => true }
  ]
  return groups.flatMap(({ name, has }) => {
    const over = domains.flatMap(({ kind }, i) => (has(kind) ? [i] : []))
    if (over.length === 0) return []
    return [false, true].map((isLog) => ({
      name: isLog ? `${name}-log` : name,
      kind: 'mean' as const,
      partition: null,
      over,
      isLog
    }))
  })
}

/** Mean over domains of perplexity, or of its log; NaN when one of them is missing. */
export function meanOver({ over, isLog }: DomainMean, losses: (domain: number) => number): number {
  let sum = 0
  for (const domain of over) sum += isLog ? losses(domain) : Math.exp(losses(domain))
  return sum / over.length
}

/** Mean nats per token of a model on the chosen documents; NaN where it is not measured. */
export function lossOn(
  model: Pick<ModelResult, 'nats'> | undefined,
  domain: MeasuredDomain,
  chosen: number[]
): number {
  const perDocument = model?.nats.get(domain.name)
  if (!perDocument) return NaN
  let nats = 0
  let tokens = 0
  for (const i of chosen) {
    nats += perDocument[i]!
    tokens += domain.perDocument.tokens[i]!
  }
  return meanLoss({ nats, tokens, bytes: 0 })
}

/**
 * Scores a study: one value per proxy or budget, domain and mixture.
 *
 * Proxies are formed domain by domain and averaged over domains afterwards, as perplexities are.
 * `count`, `share` and `overlap` are the numbers their names say, not perplexities.
 */
export function scoreStudy(results: StudyResults, documents: DocumentChoice): Scores {
  const known = kept.get(results)?.get(documents)
  if (known) return known
  const scores = score(results, documents)
  kept.set(results, (kept.get(results) ?? new Map<DocumentChoice, Scores>()).set(documents, scores))
  return scores
}

/** Results never change: what they are scored as is asked for by every part of the evidence. */
const kept = new WeakMap<StudyResults, Map<DocumentChoice, Scores>>()

function score(results: StudyResults, documents: DocumentChoice): Scores {
  const { mixtures, study } = results
  const models = indexModels(results)
  const measured = domainsWithText(results, documents)
  const chosen = measured.map((domain) => chosenDocuments(domain, documents))
  const means = domainMeans(measured)
  const plain = measured.map(({ name, kind, partition }) => ({
    name,
    kind,
    partition: partition ?? null
  }))
  const isTruth = new Set(results.sequentialMixtures)

  /** Losses of one way to read a mixture, by mixture and measured domain. */
  type Losses = Float64Array[]
  const lossesOf = (loss: (mixture: Mixture, domain: number) => number): Losses =>
    mixtures.map((mixture) => Float64Array.from(measured, (_, d) => loss(mixture, d)))
  const modelLosses = (find: (mixture: Mixture) => ModelResult | undefined): Losses =>
    lossesOf((mixture, d) => lossOn(find(mixture), measured[d]!, chosen[d]!))
  const unitNames = [...new Set(mixtures.flatMap((one) => one.units.map(({ unit }) => unit)))]
  const ofBranches = measured.map(
    (domain, d) =>
      new Map(unitNames.map((unit) => [unit, lossOn(models.branch(unit), domain, chosen[d]!)]))
  )

  // Tables say what they say: nothing is made of branches that are not there.
  const branchProxies = results.tables ? [] : Object.entries(BRANCH_PROXIES)
  const read: Partial<Record<ProxyName, Losses>> = Object.fromEntries(
    branchProxies.map(([name, of]) => [
      name,
      lossesOf((mixture, d) => of(mixture, (unit) => ofBranches[d]!.get(unit)!))
    ])
  )
  // Studies that were measured before there were ensembles have none.
  if (results.models.some(({ role }) => role === 'ensemble')) {
    read.ensemble = modelLosses((mixture) => models.ensemble(mixture))
  }
  for (const merge of study.merges) {
    read[`merge-${merge}`] = modelLosses((mixture) => models.merge(mixture, merge))
  }
  for (const { proxy } of results.tables?.proxies ?? []) {
    read[proxy] = modelLosses((mixture) => models.tabled(mixture, proxy))
  }
  const truths = new Map(
    study.sequential.budgets.map((budget) => [
      budget,
      modelLosses((mixture) =>
        isTruth.has(mixture.name) ? models.sequential(mixture, budget) : undefined
      )
    ])
  )

  const valuesOn = (losses: Losses, domain: number): Float64Array => {
    const mean = means[domain - measured.length]
    return Float64Array.from(losses, (own) =>
      mean ? meanOver(mean, (d) => own[d]!) : Math.exp(own[domain]!)
    )
  }
  const seedLosses = Float64Array.from(measured, (domain, d) =>
    lossOn(models.seed, domain, chosen[d]!)
  )
  const everySequential = (budget: BudgetKind, domain: number) =>
    valuesOn(truths.get(budget)!, domain)
  const units = results.prepared.partitions.flatMap(({ baseUnits }) => baseUnits)
  const wholeOf = new Map(units.map(({ name, partOf }) => [name, partOf?.name ?? name]))
  // One unit has nothing to merge: with another recipe, or in parts, it is no evidence either, so
  // that all settings of a series compare the same mixtures.
  const isOneUnit = (mixture: Mixture) =>
    !results.tables &&
    !results.hasOtherTruth &&
    new Set(mixture.units.map(({ unit }) => wholeOf.get(unit))).size === 1
  const areMerges = new Map(
    study.sequential.budgets.map((budget) => [
      budget,
      mixtures.map((mixture) => {
        const own = models.sequential(mixture, budget)
        if (!own) return false
        if (budget === 'sum' && isOneUnit(mixture)) return true
        const isOwn = (model: ModelResult | undefined) => model?.fingerprint === own.fingerprint
        // Of one partition a table may give its branch as truth and as proxy.
        const isBranch =
          mixture.units.length === 1 &&
          TABLE_PROXIES.some((proxy) => isOwn(models.tabled(mixture, proxy)))
        return isBranch || study.merges.some((merge) => isOwn(models.merge(mixture, merge)))
      })
    ])
  )
  const isMerge = (budget: BudgetKind, mixture: number) => areMerges.get(budget)![mixture]!
  const areEnough = (losses: Losses | undefined) =>
    (losses ?? []).filter((own) => own.some(Number.isFinite)).length >= FEWEST_FITTED
  const isFitted = study.sequential.budgets.some((budget) => areEnough(truths.get(budget)))
  const merges = measuredProxies(study).find((name) => name.startsWith('merge-') && read[name])
  const merged = merges && areEnough(read[merges]) ? read[merges]! : null
  const { shares } = compositions(mixtures)
  const overlaps = results.tables
    ? null
    : textOverlaps(mixtures, measured, results.prepared.overlaps)
  /** Of a mean, the mean of what there is of its domains; null where one of them has none. */
  const overlapOn = (domain: number): Float64Array | null => {
    const over = means[domain - measured.length]?.over ?? [domain]
    const own = over.flatMap((d) => overlaps?.[d] ?? [])
    if (own.length < over.length) return null
    return Float64Array.from(
      mixtures,
      (_, i) => own.reduce((sum, values) => sum + values[i]!, 0) / own.length
    )
  }
  const fitted = new Map<string, Losses>()
  const fit = (name: FittedProxy, budget: BudgetKind): Losses => {
    const isOnTruth = isFittedOnTruth(name)
    const key = isOnTruth ? `${name} ${budget}` : name
    const known = fitted.get(key)
    if (known) return known
    const kind = name.replace(/-merged$/, '') as RegressionKind
    const { losses } = predictMixtures(kind, shares, isOnTruth ? truths.get(budget)! : merged!, {
      fittedOn: isOnTruth ? 'sequential' : 'merges',
      randomSeed: study.randomSeed,
      withoutErrors: !isOnTruth
    })
    fitted.set(key, losses)
    return losses
  }
  return {
    mixtures,
    domains: [...plain, ...means],
    proxies: [
      ...measuredProxies(study).filter((name) => read[name]),
      ...(isFitted ? REGRESSIONS : []),
      ...(merged ? MERGED_REGRESSIONS : []),
      'count',
      'share',
      ...(overlaps ? (['overlap'] as const) : [])
    ],
    budgets: study.sequential.budgets,
    proxy: (name, domain, budget) => {
      const losses = isRegression(name) ? fit(name, budget) : read[name]
      if (losses) return valuesOn(losses, domain)
      if (name === 'overlap') return overlapOn(domain)
      if (name === 'count') return Float64Array.from(mixtures, unitCount)
      const partition = plain[domain]?.partition
      if (name !== 'share' || !partition) return null
      return Float64Array.from(mixtures, (mixture) => partitionShare(mixture, partition))
    },
    fittedOn: (name, budget) => {
      if (!isRegression(name)) return null
      return isFittedOnTruth(name) ? truths.get(budget)! : merged
    },
    seed: (domain) => valuesOn([seedLosses], domain)[0]!,
    sequential: (budget, domain) =>
      everySequential(budget, domain).map((value, i) => (isMerge(budget, i) ? NaN : value)),
    everySequential,
    isMerge
  }
}
