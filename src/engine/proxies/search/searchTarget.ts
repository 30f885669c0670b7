/** What a search makes small, and what it may not let grow: domains with their weights and ceilings. */
import { WorkbenchError } from '#shared/errors'
import type { SearchRequest } from '#shared/mixtureSearch'
import { chooseTokens } from './searchText'
import type { SearchDomain } from './searchText'

/** A domain that a search reads. */
export interface AskedDomain {
  domain: SearchDomain
  /** In the target; all sum to 1. */
  weight: number
  /** In the second loss; all sum to 1, or are 0 where there is none. */
  second: number
  /** Nats per token at most; null without a ceiling. */
  ceiling: number | null
}

/**
 * Names the domains that a search asks about, before anything is read.
 *
 * @param domains of the study, by name
 * @throws WorkbenchError `study/missing-domain` listing those there; `usage/invalid` for weights
 *   that mean nothing
 */
export function assertTarget(
  domains: readonly string[],
  { target, second, atMost }: SearchRequest
): void {
  const asked = [target, second ?? {}, atMost].flatMap((one) => Object.keys(one))
  const missing = asked.find((name) => !domains.includes(name))
  if (missing !== undefined) {
    throw new WorkbenchError(
      'study/missing-domain',
      `The search asks about the domain "${missing}", which is not there. Domains of the study: ${domains.join(', ')}.`,
      { domain: missing, found: [...domains] }
    )
  }
  const isSound = (weights: number[]) =>
    weights.every((weight) => Number.isFinite(weight) && weight >= 0) &&
    (weights.length === 0 || weights.some((weight) => weight > 0))
  if (![target, second ?? {}].every((one) => isSound(Object.values(one)))) {
    throw new WorkbenchError(
      'usage/invalid',
      'Weights of domains are numbers of 0 or more, and one at least is above 0.'
    )
  }
}

/**
 * The domains that a search reads.
 *
 * Without a target every domain counts the same; those without a document in their `choose` half
 * are left out then, and refused where they are named.
 *
 * @throws WorkbenchError as `assertTarget`, and `domain/empty`
 */
export function askedDomains(
  domains: readonly SearchDomain[],
  request: SearchRequest
): AskedDomain[] {
  const { target, second, atMost } = request
  assertTarget(
    domains.map(({ name }) => name),
    request
  )
  const weightsOf = (named: Record<string, number>): number[] => {
    const isPlain = Object.keys(named).length === 0
    const own = domains.map((domain) =>
      isPlain ? Number(chooseTokens(domain) > 0) : (named[domain.name] ?? 0)
    )
    const sum = own.reduce((all, one) => all + one, 0)
    return own.map((one) => one / sum)
  }
  const weights = weightsOf(target)
  const seconds = second === null ? domains.map(() => 0) : weightsOf(second)
  const asked = domains
    .map((domain, i) => ({
      domain,
      weight: weights[i]!,
      second: seconds[i]!,
      ceiling: atMost[domain.name] ?? null
    }))
    .filter(({ weight, second, ceiling }) => weight > 0 || second > 0 || ceiling !== null)
  const empty = asked.find(({ domain }) => chooseTokens(domain) === 0)
  if (empty || asked.length === 0) {
    const name = empty?.domain.name ?? domains.map((one) => one.name).join(', ')
    throw new WorkbenchError(
      'domain/empty',
      `No document of ${name} is in the half that is searched on. Import more of it, or leave it out of what is asked.`,
      { domain: name }
    )
  }
  return asked
}

/**
 * Tokens to be read of each domain so that no more than `most` are read in all: small domains
 * whole, the others alike.
 */
export function tokensOfEach(asked: readonly AskedDomain[], most: number): number[] {
  const there = asked.map(({ domain }) => chooseTokens(domain))
  const smallFirst = there.map((_, i) => i).sort((a, b) => there[a]! - there[b]!)
  const given = there.map(() => 0)
  let left = most
  smallFirst.forEach((i, place) => {
    given[i] = Math.max(1, Math.min(there[i]!, Math.floor(left / (there.length - place))))
    left -= given[i]
  })
  return given
}
