/** What adding each partition does: losses of mixtures less those of the same without one member. */
import { quantile } from '#engine/statistics/intervals'
import type { AdditionEffect, AdditionPair, AdditionPairs } from '#shared/additionEffect'
import { WorkbenchError } from '#shared/errors'
import { HEADLINE_DOMAIN } from '#shared/evidenceView'
import type { BudgetKind, Mixture } from '#shared/records'
import type { DocumentChoice, StudyResults } from '../results'
import { isLoss, isRegression, scoreStudy } from './scores'

/** More changes than these are summed up and not listed one by one. */
const MOST_LISTED = 40

/** Places of a mixture and of the same without one of its members. */
interface Addition {
  added: string
  without: number
  with: number
}

/**
 * Finds all pairs of mixtures of which one has one member more, its members counting the same in
 * both: with weights of their own there is no saying what was added.
 */
export function additionsIn(mixtures: readonly Mixture[]): Addition[] {
  const namesOf = ({ members }: Mixture) => members.map(({ name }) => name)
  const keyOf = (names: readonly string[]) => JSON.stringify([...names].sort())
  const even = mixtures.flatMap((mixture, place) =>
    mixture.members.every(({ weight }) => weight === null) ? [{ place, mixture }] : []
  )
  const places = new Map(even.map(({ place, mixture }) => [keyOf(namesOf(mixture)), place]))
  return even.flatMap(({ place, mixture }) =>
    namesOf(mixture).flatMap((added, _, names): Addition[] => {
      const without = places.get(keyOf(names.filter((name) => name !== added)))
      return without === undefined ? [] : [{ added, without, with: place }]
    })
  )
}

/**
 * Sums up, for each member, domain and proxy, how the loss changes over all pairs of mixtures with
 * it and without it that both have the number; the same of sequential models where both are trained,
 * and of proxies over just these pairs.
 *
 * Changes are in nats per token and below 0 where the addition helps. Both mixtures differ in size:
 * a merge of one branch more, and with the sum budget more training, shift all changes alike, so
 * that members are to be compared with one another rather than with 0.
 *
 * @param options `only`: one domain, and these proxies or `sequential`; all unless given
 * @returns rows by domain (means of log perplexity last), proxy, then member; none without a pair
 */
export function additionEffects(
  results: StudyResults,
  {
    documents = 'all',
    only
  }: { documents?: DocumentChoice; only?: { of: string[]; domain: string } } = {}
): AdditionEffect[] {
  const scores = scoreStudy(results, documents)
  const additions = additionsIn(scores.mixtures)
  const members = [...new Set(additions.map(({ added }) => added))].sort()
  const isAsked = (of: string) => only?.of.includes(of) ?? true
  const proxies = scores.proxies.filter(
    (name) => isLoss(name) && !isRegression(name) && isAsked(name)
  )
  const columns = (domain: number): Column[] => {
    const truths = scores.budgets.map((budget) => ({
      budget,
      values: scores.everySequential(budget, domain)
    }))
    const said = proxies.flatMap((of): Column[] => {
      const values = scores.proxy(of, domain, scores.budgets[0]!)
      if (!values) return []
      const trained = truths.map(({ budget, values: truth }) => ({
        of,
        budget,
        values: values.map((value, i) => (Number.isFinite(truth[i]) ? value : NaN))
      }))
      return [{ of, budget: null, values }, ...trained]
    })
    const trained = isAsked('sequential') ? truths : []
    return [...said, ...trained.map((truth) => ({ of: 'sequential', ...truth }))]
  }
  return scores.domains.flatMap(({ name: domain, kind: domainKind }, place) => {
    const isLog = domain.endsWith('-log')
    if (domainKind === 'mean' && !isLog) return []
    if (only && only.domain !== domain) return []
    return columns(place).flatMap(({ of, budget, values }) => {
      const losses = isLog ? values : values.map(Math.log)
      return members.flatMap((added): AdditionEffect[] => {
        const own = additions.filter((one) => one.added === added)
        const all = own.map((one) => losses[one.with]! - losses[one.without]!)
        const changes = Float64Array.from(all.filter(Number.isFinite)).sort()
        return changes.length === 0
          ? []
          : [{ added, domain, domainKind, of, budget, ...summary(changes) }]
      })
    })
  })
}

/**
 * Tells, mixture by mixture, what adding one member does on each domain: by the micro merge (of
 * tables by their first proxy), and by sequential models where both mixtures are trained.
 *
 * @param wanted a partition, or a base unit; null: the first of `latest` that is a member of mixtures
 * @throws WorkbenchError `study/missing-partition` for one that no two mixtures differ by
 */
export function additionPairs(
  results: StudyResults,
  wanted: string | null,
  {
    documents = 'all',
    latest = []
  }: { documents?: DocumentChoice; latest?: readonly string[] } = {}
): AdditionPairs {
  const scores = scoreStudy(results, documents)
  const own = scores.proxies.filter((name) => isLoss(name) && !isRegression(name))
  const proxy = own.find((name) => name === 'merge-micro') ?? own[0] ?? null
  const budget = scores.budgets[0]!
  const isShown = ({ name, kind }: (typeof scores.domains)[number]) =>
    kind !== 'mean' || name === HEADLINE_DOMAIN
  const shown = [...scores.domains.entries()].filter(([, domain]) => isShown(domain))
  // Means come last among the domains, and first here.
  const domains = [
    ...shown.filter(([, { kind }]) => kind === 'mean'),
    ...shown.filter(([, { kind }]) => kind !== 'mean')
  ]
  const columns = domains.map(([place, { name }]) => {
    const inNats = (one: number) => (name.endsWith('-log') ? one : Math.log(one))
    const said = proxy && scores.proxy(proxy, place, budget)
    const truth = scores.everySequential(budget, place)
    const changeOf = (values: Float64Array | null) => (one: Addition) => {
      const change = values ? inNats(values[one.with]!) - inNats(values[one.without]!) : NaN
      return Number.isFinite(change) ? change : null
    }
    return { said: changeOf(said), trained: changeOf(truth) }
  })
  const additions = additionsIn(scores.mixtures)
  const members = [...new Set(additions.map((one) => one.added))].sort()
  const added = wanted ?? latest.find((name) => members.includes(name)) ?? members[0] ?? ''
  if (wanted !== null && !members.includes(wanted)) {
    throw new WorkbenchError(
      'study/missing-partition',
      `No two mixtures of the study differ by "${wanted}" alone. Those that some differ by: ${members.join(', ') || 'none'}.`,
      { missing: [wanted], found: members }
    )
  }
  const pairs = additions
    .filter((one) => one.added === added)
    .map((one): AdditionPair => ({
      without: scores.mixtures[one.without]!.name,
      with: scores.mixtures[one.with]!.name,
      size: scores.mixtures[one.without]!.members.length,
      changes: columns.map(({ said }) => said(one)),
      trained: columns.map(({ trained }) => trained(one))
    }))
  const worth = ({ changes }: AdditionPair) => changes[0] ?? Infinity
  return {
    added,
    members,
    proxy,
    budget,
    domains: domains.map(([, { name, kind }]) => ({ name, kind })),
    pairs: pairs.sort((a, b) => worth(a) - worth(b) || (a.without < b.without ? -1 : 1))
  }
}

/** Values of all mixtures on one domain by one way of telling them. */
interface Column {
  of: string
  budget: BudgetKind | null
  values: Float64Array
}

/** @param changes sorted, at least one */
function summary(
  changes: Float64Array
): Omit<AdditionEffect, 'added' | 'domain' | 'domainKind' | 'of' | 'budget'> {
  const pairs = changes.length
  const at = (share: number) => quantile(changes, share)
  return {
    pairs,
    mean: changes.reduce((sum, one) => sum + one, 0) / pairs,
    least: at(0),
    lowerQuartile: at(0.25),
    median: at(0.5),
    upperQuartile: at(0.75),
    most: at(1),
    helps: changes.filter((one) => one < 0).length / pairs,
    changes: pairs > MOST_LISTED ? null : [...changes]
  }
}
