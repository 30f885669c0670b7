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
export function shareBounds(
  members: readonly SearchMember[],
  { atLeast, tokens, repeat, over }: SearchRequest
): ShareBounds {
  const names = members.map(({ name }) => name)
  for (const [name, share] of Object.entries(atLeast)) {
    if (!names.includes(name)) {
      throw new WorkbenchError(
        'study/missing-partition',
        `A least share is asked for of ${name}, which is not among what the study's mixtures are made of: ${names.join(', ')}.`,
        { missing: [name], available: names }
      )
    }
    if (!(share >= 0 && share <= 1)) {
      throw new WorkbenchError(
        'usage/invalid',
        `A least share is a number from 0 to 1; that of ${name} is ${share}.`,
        { member: name, found: share }
      )
    }
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
    tokens === null || repeat === null ? 1 : Math.min(1, (repeat * member.tokens) / tokens)
  )
  assertPossible(members, least, most, tokens)
  return { least, most }
}

function assertPossible(
  members: readonly SearchMember[],
  least: readonly number[],
  most: readonly number[],
  tokens: number | null
): void {
  const sum = least.reduce((a, b) => a + b, 0)
  if (sum > 1 + ROUNDING) {
    throw infeasible('atLeast', `The least shares sum to ${round(sum)}; shares sum to 1.`)
  }
  const reach = most.reduce((a, b) => a + b, 0)
  if (reach < 1 - ROUNDING) {
    const there = members.reduce((all, one) => all + one.tokens, 0)
    throw infeasible(
      'repeat',
      `All members together have ${there} tokens; to train on ${tokens} they would be repeated more often than is allowed.`
    )
  }
  const narrow = members.findIndex((_, i) => least[i]! > most[i]! + ROUNDING)
  if (narrow >= 0) {
    throw infeasible(
      'atLeast',
      `${members[narrow]!.name} is to have a share of at least ${least[narrow]}, but repeated as often as is allowed its text makes ${round(most[narrow]!)} of the tokens.`
    )
  }
}

/** Constraints that shares do not keep to, those on losses left out. */
export function brokenBy(
  shares: readonly number[],
  members: readonly SearchMember[],
  bounds: ShareBounds,
  { tokens, over }: Pick<SearchRequest, 'tokens' | 'over'>,
  rounding = ROUNDING
): SearchConstraint[] {
  const own = members.reduce((sum, member, i) => sum + (shares[i]! > 0 ? member.tokens : 0), 0)
  const breaks: SearchConstraint[] = []
  if (shares.some((share, i) => share < bounds.least[i]! - rounding)) breaks.push('atLeast')
  if (over === 'subsets' && tokens !== null && own > tokens) breaks.push('tokens')
  if (shares.some((share, i) => share > bounds.most[i]! + rounding)) breaks.push('repeat')
  return breaks
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
