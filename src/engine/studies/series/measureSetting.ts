/** What one study of a series found, read off its results. Pure. */
import { HEADLINE_DOMAIN } from '#shared/evidenceView'
import type { Comparison } from '#shared/evidenceView'
import type { Run } from '#shared/records'
import type { SeriesKind } from '#shared/series'
import type { SeriesEffect, SeriesRow, SeriesWindow } from '#shared/seriesView'
import { UNKNOWN } from '../evidence/comparison'
import { gainsOnOwn } from '../evidence/diagnosis/branches'
import { scoreStudy } from '../evidence/scores'
import type { ProxyName, Scores } from '../evidence/scores'
import type { StudyResults } from '../results'
import { nameOf, windowsOf } from './settings'

/** Proxies that a series is read by: where units are uneven, both ways to count them. */
function proxiesOf(kind: SeriesKind): ProxyName[] {
  return kind === 'uneven' ? ['merge-micro', 'merge-macro'] : ['merge-micro']
}

/** The rows of one study of a series, one per proxy. */
export function settingRows(
  results: StudyResults,
  comparison: readonly Comparison[],
  facts: Pick<SeriesRow, 'setting' | 'runsLeft' | 'isAltered'> & { kind: SeriesKind }
): SeriesRow[] {
  const { kind, ...told } = facts
  const scores = scoreStudy(results, 'all')
  const budget = scores.budgets[0]!
  const domain = scores.domains.findIndex(({ name }) => name === HEADLINE_DOMAIN)
  const gains = gainsOnOwn(results).map(({ gain }) => gain)
  // One training may stand for a branch and for the sequential model of its unit.
  const tokensOf = (runs: readonly Run[]) =>
    [...new Map(runs.map((run) => [run.fingerprint, run])).values()].reduce(
      (sum, run) => sum + run.tokens,
      0
    )
  return proxiesOf(kind).map((proxy): SeriesRow => {
    const values = domain < 0 ? null : scores.proxy(proxy, domain, budget)
    const truth = domain < 0 ? null : scores.sequential(budget, domain)
    const isTrained = (i: number) => truth !== null && Number.isFinite(truth[i])
    const row = comparison.find(
      (one) => one.domain === HEADLINE_DOMAIN && one.budget === budget && one.proxy === proxy
    )
    return {
      study: results.study.name,
      ...told,
      proxy,
      n: row?.n ?? 0,
      spearman: row?.spearman ?? UNKNOWN,
      accuracy: row?.accuracy ?? UNKNOWN,
      branchGain: meanOf(gains),
      proxyLoss: meanOf([...(values ?? [])]),
      proxyLossTrained: meanOf([...(values ?? [])].filter((_, i) => isTrained(i))),
      sequentialLoss: meanOf([...(truth ?? [])]),
      tokens: tokensOf(results.runs),
      branchTokens: tokensOf(
        results.runs.filter(
          ({ role, randomSeed }) => role === 'branch' && randomSeed === results.study.randomSeed
        )
      )
    }
  })
}

function meanOf(values: readonly number[]): number | null {
  const known = values.filter(Number.isFinite)
  return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0) / known.length
}

/**
 * By how much every partition changes every domain's loss.
 *
 * Of `leave-one-out`: loss without it less loss of all, so that what helps is above 0. Of
 * `swap-one`: loss with it less loss of those kept, so that what helps is below 0.
 */
export function partitionEffects(results: StudyResults, kind: SeriesKind): SeriesEffect[] {
  const { study } = results
  const scores = scoreStudy(results, 'all')
  const bySize = scores.mixtures.map(({ members }, place) => ({
    place,
    names: members.map(({ name }) => name)
  }))
  bySize.sort((a, b) => a.names.length - b.names.length)
  const common = kind === 'leave-one-out' ? bySize.at(-1) : bySize[0]
  if (!common) return []
  return bySize
    .filter((one) => one !== common)
    .flatMap(({ place, names }) => {
      const [more, less] = kind === 'leave-one-out' ? [common.names, names] : [names, common.names]
      const partition = more.find((name) => !less.includes(name))!
      return scores.domains.flatMap((domain, d): SeriesEffect[] => {
        if (domain.kind === 'mean' && domain.name !== HEADLINE_DOMAIN) return []
        const change = lossesOn(scores, d)
        return [
          {
            study: study.name,
            partition,
            domain: domain.name,
            domainKind: domain.kind,
            proxy: known(change.proxy(place) - change.proxy(common.place)),
            truth: known(change.truth(place) - change.truth(common.place))
          }
        ]
      })
    })
}

/** Losses by window, on every domain and on the mean over all. */
export function windowLosses(
  results: StudyResults,
  order: readonly string[],
  width: number
): SeriesWindow[] {
  const scores = scoreStudy(results, 'all')
  const placeOf = new Map(scores.mixtures.map(({ name }, place) => [name, place]))
  return windowsOf(order, width).flatMap((members, first) => {
    const place = placeOf.get(nameOf(members))
    if (place === undefined) return []
    return scores.domains.flatMap((domain, d): SeriesWindow[] => {
      if (domain.kind === 'mean' && domain.name !== HEADLINE_DOMAIN) return []
      const at = domain.partition === null ? -1 : order.indexOf(domain.partition)
      const losses = lossesOn(scores, d)
      return [
        {
          study: results.study.name,
          width,
          first: first + 1,
          from: members[0]!,
          to: members.at(-1)!,
          domain: domain.name,
          distance: at < 0 ? null : Math.max(0, first - at, at - (first + width - 1)),
          proxy: known(losses.proxy(place)),
          truth: known(losses.truth(place))
        }
      ]
    })
  })
}

/** Nats per token of mixtures on one domain, by the micro merge and by sequential models. */
function lossesOn(scores: Scores, domain: number) {
  const budget = scores.budgets[0]!
  const inNats = (one: number) =>
    scores.domains[domain]!.name.endsWith('-log') ? one : Math.log(one)
  const proxy = scores.proxy('merge-micro', domain, budget)
  // One partition's model is its branch: for its own loss that is the truth.
  const truth = scores.everySequential(budget, domain)
  return {
    proxy: (mixture: number) => inNats(proxy?.[mixture] ?? NaN),
    truth: (mixture: number) => inNats(truth[mixture]!)
  }
}

function known(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
