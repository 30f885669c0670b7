/** Which subsets keep to the constraints, and the best of them. */
import type { SearchConstraint, SearchRequest } from '#shared/mixtureSearch'
import { infeasible, round } from './constraints'
import type { SearchMember } from './constraints'
import type { AskedDomain } from './searchTarget'
import { totalsOf } from './subsetScores'
import type { ShareBounds } from './weightAscent'

/** One thing that is asked of a subset. */
interface Check {
  constraint: SearchConstraint
  allows: (subset: number) => boolean
  /** Said where no subset passes. */
  why: () => string
}

/** Subsets by their scores. */
export interface AllowedSubsets {
  /** Best first, so many as were wanted. */
  best: number[]
  /** How many keep to all constraints. */
  allowed: number
  isAllowed: (subset: number) => boolean
}

/** A share equal to its bound may come out below it by rounding. */
const ROUNDING = 1e-9

/**
 * Finds the best subsets among those that keep to the constraints.
 *
 * Over weights a subset is what weights may be put on: it must hold all of which a share is asked
 * for, and text enough; losses depend on the weights and are looked at there.
 *
 * @param scores of `scoreSubsets`: the target, then one for each domain with a ceiling
 * @throws WorkbenchError `search/infeasible` naming what no subset keeps to
 */
export function allowedSubsets(
  scores: readonly Float64Array[],
  members: readonly SearchMember[],
  bounds: ShareBounds,
  request: SearchRequest,
  asked: readonly AskedDomain[],
  wanted: number
): AllowedSubsets {
  const checks =
    request.over === 'weights'
      ? supportChecks(bounds, request)
      : subsetChecks(scores, members, bounds, request, asked)
  const passed = checks.map(() => 0)
  const [target] = scores
  const better = (a: number, b: number) => target![a]! - target![b]! || a - b
  let best: number[] = []
  let allowed = 0
  for (let subset = 1; subset < target!.length; subset++) {
    let isAllowed = true
    for (const [i, check] of checks.entries()) {
      if (check.allows(subset)) passed[i]!++
      else isAllowed = false
    }
    if (!isAllowed) continue
    allowed++
    best.push(subset)
    if (best.length >= 4 * wanted) best = best.sort(better).slice(0, wanted)
  }
  if (allowed === 0) {
    const impossible = checks[passed.indexOf(0)]
    if (impossible) throw infeasible(impossible.constraint, impossible.why())
    const last = checks.at(-1)!
    throw infeasible(
      last.constraint,
      `each constraint can be kept to, but not all of them together (${[...new Set(checks.map((one) => WORDS[one.constraint]))].join(', ')}).`
    )
  }
  return {
    best: best.sort(better).slice(0, wanted),
    allowed,
    isAllowed: (subset) => checks.every((check) => check.allows(subset))
  }
}

/** What constraints are called. */
const WORDS: Record<SearchConstraint, string> = {
  atMost: 'losses of at most so much',
  atLeast: 'least shares',
  noMore: 'largest shares',
  sizes: 'number of members',
  tokens: 'tokens to train on',
  repeat: 'repetition'
}

function subsetChecks(
  scores: readonly Float64Array[],
  members: readonly SearchMember[],
  bounds: ShareBounds,
  request: SearchRequest,
  asked: readonly AskedDomain[]
): Check[] {
  const { tokens, repeat, noMore } = request
  const own = members.map((member) => member.tokens)
  const totals = totalsOf(own)
  const checks: Check[] = []
  bounds.least.forEach((least, i) => {
    if (least <= 0) return
    checks.push({
      constraint: 'atLeast',
      allows: (subset) => isIn(subset, i) && own[i]! / totals[subset]! >= least - ROUNDING,
      why: () => `no subset gives ${members[i]!.name} a share of ${least}.`
    })
  })
  members.forEach(({ name }, i) => {
    const most = noMore[name]
    if (most === undefined || most >= 1) return
    checks.push({
      constraint: 'noMore',
      allows: (subset) => !isIn(subset, i) || own[i]! / totals[subset]! <= most + ROUNDING,
      why: () => `every subset gives ${name} a share of more than ${most}.`
    })
  })
  checks.push(...sizeChecks(request))
  if (tokens !== null) {
    checks.push({
      constraint: 'tokens',
      allows: (subset) => totals[subset]! <= tokens,
      why: () =>
        `every member alone has more than ${tokens} tokens; the least is ${Math.min(...own)}.`
    })
  }
  if (tokens !== null && repeat !== null) {
    checks.push({
      constraint: 'repeat',
      allows: (subset) => totals[subset]! * repeat >= tokens * (1 - ROUNDING),
      why: () => `repeated at most ${repeat} times, no subset has ${tokens} tokens.`
    })
  }
  let score = 1
  for (const { domain, ceiling } of asked) {
    if (ceiling === null) continue
    const losses = scores[score++]!
    checks.push({
      constraint: 'atMost',
      allows: (subset) => losses[subset]! <= ceiling,
      why: () => {
        const least = losses.reduce((a, b) => (b < a ? b : a), Infinity)
        return `${domain.name} is to cost at most ${ceiling} nats per token; the least that any subset costs is ${round(least)}.`
      }
    })
  }
  return checks
}

function sizeChecks({ sizes }: SearchRequest): Check[] {
  if (sizes === null) return []
  const { least, most } = sizes
  return [
    {
      constraint: 'sizes',
      allows: (subset) => sizeOf(subset) >= least && sizeOf(subset) <= most,
      why: () => `no subset has ${least} to ${most} members.`
    }
  ]
}

function supportChecks({ least, most }: ShareBounds, request: SearchRequest): Check[] {
  const reach = totalsOf(most)
  const wanted = least.reduce((mask, share, i) => (share > 0 ? mask | (1 << i) : mask), 0)
  return [
    ...sizeChecks(request),
    {
      constraint: 'atLeast',
      allows: (subset) => (subset & wanted) === wanted,
      why: () => 'no subset holds all of which a share is asked for.'
    },
    {
      constraint: request.repeat === null ? 'noMore' : 'repeat',
      allows: (subset) => reach[subset]! >= 1 - ROUNDING,
      why: () => 'no subset of that size has enough text, or shares large enough.'
    }
  ]
}

/** Whether a subset holds a member. */
export function isIn(subset: number, member: number): boolean {
  return ((subset >> member) & 1) === 1
}

/** How many members a subset has. */
export function sizeOf(subset: number): number {
  let size = 0
  for (let rest = subset; rest > 0; rest &= rest - 1) size++
  return size
}
