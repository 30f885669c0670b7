/** A search as it is typed, and the request that it makes. Pure. */
import type { SearchConstraint, SearchRequest } from '#shared/mixtureSearch'

/** Fields as they stand in the window; null is an empty one. */
export interface SearchDraft {
  over: SearchRequest['over']
  /** By domain, in the order of the study's; an empty weight counts nothing. */
  domains: { name: string; weight: number | null; second: number | null; atMost: number | null }[]
  hasSecond: boolean
  /** By member; shares in percent. */
  members: { name: string; least: number | null; most: number | null }[]
  fewest: number | null
  most: number | null
  /** Tokens to train on, in millions. */
  millions: number | null
  repeat: number | null
  /** Of the best so many are merged and measured. */
  rescore: number | null
}

/** Mixtures that a search tells. */
const TOLD = 10

/** A draft that asks for the best on all domains alike, with nothing it is held to. */
export function plainDraft(domains: readonly string[], members: readonly string[]): SearchDraft {
  return {
    over: 'subsets',
    domains: domains.map((name) => ({ name, weight: 1, second: null, atMost: null })),
    hasSecond: false,
    members: members.map((name) => ({ name, least: null, most: null })),
    fewest: null,
    most: null,
    millions: null,
    repeat: null,
    rescore: null
  }
}

/**
 * The request of a draft, or why it makes none, in words.
 *
 * A target of weights that are all alike says so by naming every domain.
 */
export function requestOf(draft: SearchDraft): { request: SearchRequest } | { problem: string } {
  const { domains, members } = draft
  const named = (list: readonly { name: string }[], of: (place: number) => number | null) =>
    Object.fromEntries(
      list.flatMap(({ name }, place) => {
        const value = of(place)
        return value === null ? [] : [[name, value] as const]
      })
    )
  const weights = (of: 'weight' | 'second') =>
    named(domains, (place) => domains[place]![of] || null)
  const [target, second] = [weights('weight'), weights('second')]
  if (Object.keys(target).length === 0) {
    return { problem: 'Give one domain at least a weight in the target.' }
  }
  if (draft.hasSecond && Object.keys(second).length === 0) {
    return { problem: 'Give one domain at least a weight in the second target.' }
  }
  const share = (value: number | null) => (value === null ? null : value / 100)
  const isSized = draft.fewest !== null || draft.most !== null
  return {
    request: {
      over: draft.over,
      target,
      second: draft.hasSecond ? second : null,
      atMost: named(domains, (place) => domains[place]!.atMost),
      atLeast: named(members, (place) => share(members[place]!.least)),
      noMore: named(members, (place) => share(members[place]!.most)),
      sizes: isSized ? { least: draft.fewest ?? 1, most: draft.most ?? members.length } : null,
      tokens: draft.millions === null ? null : Math.round(draft.millions * 1e6),
      repeat: draft.repeat,
      limit: TOLD,
      rescore: Math.min(TOLD, draft.rescore ?? 0)
    }
  }
}

/** What a constraint is called where a mixture does not keep to it. */
export const CONSTRAINT_WORDS: Record<SearchConstraint, string> = {
  atMost: 'loss of a domain',
  atLeast: 'least share',
  noMore: 'largest share',
  sizes: 'number of members',
  tokens: 'tokens to train on',
  repeat: 'repetition'
}
