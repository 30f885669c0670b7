/** What a search is held to, and the words for what nothing can keep to. */
import { WorkbenchError } from '#shared/errors'
import type { SearchConstraint, SearchRequest } from '#shared/mixtureSearch'
import type { ShareBounds } from './weightAscent'

/** A member with its branches' number and the tokens that they train on. */
export interface SearchMember {
  name: string
  branches: number
  tokens: number
}

/** More have too many subsets. */
export const MOST_MEMBERS = 20

/** Shares are compared with bounds up to rounding. */
const ROUNDING = 1e-9

/**
 * Between what each member's share has to lie.
 *
 * @throws WorkbenchError `search/infeasible` where no shares at all can keep to that;
 *   `study/missing-partition` for a member that is not there; `usage/invalid` for a number that
 *   means nothing, or repetition without tokens
 */
export function shareBounds(members: readonly SearchMember[], request: SearchRequest): ShareBounds {
  const { atLeast, noMore, sizes, tokens, repeat, over } = request
  const names = members.map(({ name }) => name)
  assertShares('least', names, atLeast)
  assertShares('largest', names, noMore)
  if (sizes !== null && !(sizes.least <= sizes.most && sizes.most >= 1)) {
    throw new WorkbenchError(
      'usage/invalid',
      `Sizes go from the least to the most members; these go from ${sizes.least} to ${sizes.most}.`,
      { ...sizes }
    )
  }
  if (sizes !== null && sizes.least > members.length) {
    throw infeasible(
      'sizes',
      `a mixture is to have ${sizes.least} members at least; there are ${members.length}.`
    )
  }
  if (tokens === null && repeat !== null) {
    throw new WorkbenchError(
      'usage/invalid',
      'How often text may be repeated says something only with the number of tokens to train on.'
    )
  }
  if (over === 'weights' && tokens !== null && repeat === null) {
    throw new WorkbenchError(
      'usage/invalid',
      'With free weights, tokens to train on bound nothing unless it is said how often text may be repeated.'
    )
  }
  const least = names.map((name) => atLeast[name] ?? 0)
  const most = members.map((member) =>
    Math.min(repeatBound(member, request), noMore[member.name] ?? 1)
  )
  assertPossible(members, { least, most }, request)
  return { least, most }
}

/** The share that a member's text may have, read as often as is allowed; 1 without such a bound. */
function repeatBound(
  member: SearchMember,
  { tokens, repeat }: Pick<SearchRequest, 'tokens' | 'repeat'>
): number {
  return tokens === null || repeat === null ? 1 : Math.min(1, (repeat * member.tokens) / tokens)
}

function assertShares(
  which: 'least' | 'largest',
  names: readonly string[],
  shares: Record<string, number>
): void {
  for (const [name, share] of Object.entries(shares)) {
    if (!names.includes(name)) {
      throw new WorkbenchError(
        'study/missing-partition',
        `A ${which} share is asked for of ${name}, which is not among what the study's mixtures are made of: ${names.join(', ')}.`,
        { missing: [name], available: [...names] }
      )
    }
    if (!(share >= 0 && share <= 1)) {
      throw new WorkbenchError(
        'usage/invalid',
        `A ${which} share is a number from 0 to 1; that of ${name} is ${share}.`,
        { member: name, found: share }
      )
    }
  }
}

function assertPossible(
  members: readonly SearchMember[],
  { least, most }: ShareBounds,
  request: SearchRequest
): void {
  const { tokens, noMore } = request
  const sum = least.reduce((a, b) => a + b, 0)
  if (sum > 1 + ROUNDING) {
    throw infeasible('atLeast', `The least shares sum to ${round(sum)}; shares sum to 1.`)
  }
  const reach = most.reduce((a, b) => a + b, 0)
  if (reach < 1 - ROUNDING) {
    const repeated = members.reduce((all, one) => all + repeatBound(one, request), 0)
    if (repeated >= 1 - ROUNDING) {
      throw infeasible('noMore', `The largest shares sum to ${round(reach)}; shares sum to 1.`)
    }
    const there = members.reduce((all, one) => all + one.tokens, 0)
    throw infeasible(
      'repeat',
      `All members together have ${there} tokens; to train on ${tokens} they would be repeated more often than is allowed.`
    )
  }
  const narrow = members.findIndex((_, i) => least[i]! > most[i]! + ROUNDING)
  if (narrow >= 0) {
    const { name } = members[narrow]!
    if (least[narrow]! > (noMore[name] ?? 1)) {
      throw infeasible(
        'noMore',
        `${name} is to have a share of at least ${least[narrow]} and of at most ${noMore[name]}.`
      )
    }
    throw infeasible(
      'atLeast',
      `${name} is to have a share of at least ${least[narrow]}, but repeated as often as is allowed its text makes ${round(most[narrow]!)} of the tokens.`
    )
  }
}

/** Constraints that shares do not keep to, those on losses left out. */
export function brokenBy(
  shares: readonly number[],
  members: readonly SearchMember[],
  bounds: ShareBounds,
  request: SearchRequest,
  rounding = ROUNDING
): SearchConstraint[] {
  const { tokens, over, noMore } = request
  const own = members.reduce((sum, member, i) => sum + (shares[i]! > 0 ? member.tokens : 0), 0)
  const breaks: SearchConstraint[] = []
  if (shares.some((share, i) => share < bounds.least[i]! - rounding)) breaks.push('atLeast')
  if (over === 'subsets' && tokens !== null && own > tokens) breaks.push('tokens')
  const isAbove = (most: (member: SearchMember) => number) =>
    members.some((member, i) => shares[i]! > most(member) + rounding)
  if (isAbove(({ name }) => noMore[name] ?? 1)) breaks.push('noMore')
  if (isAbove((member) => repeatBound(member, request))) breaks.push('repeat')
  if (!hasSize(shares, request)) breaks.push('sizes')
  return breaks
}

/** Whether shares have as many members as a mixture may have. */
export function hasSize(
  shares: readonly number[],
  { sizes }: Pick<SearchRequest, 'sizes'>
): boolean {
  const size = shares.filter((share) => share > 0).length
  return sizes === null || (size >= sizes.least && size <= sizes.most)
}

/** Said where nothing keeps to a constraint. */
export function infeasible(constraint: SearchConstraint, why: string): WorkbenchError {
  return new WorkbenchError('search/infeasible', `No mixture keeps to what is asked: ${why}`, {
    constraint
  })
}

/** A number as it is told in messages. */
export function round(value: number): string {
  return String(Number(value.toPrecision(4)))
}
