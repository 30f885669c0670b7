/** Searches the mixtures of a study's members for those whose ensemble costs least. */
import type {
  HalfLosses,
  SearchRequest,
  SearchResult,
  UnnamedMixture,
  Verified
} from '#shared/mixtureSearch'
import { allowedSubsets, isIn, sizeOf } from './allowedSubsets'
import type { AllowedSubsets } from './allowedSubsets'
import { brokenBy, hasSize, infeasible, round, shareBounds } from './constraints'
import type { SearchMember } from './constraints'
import { targetsBetween, nondominated, spread } from './paretoFront'
import { chooseTokens, chosenProbabilities, halfLosses } from './searchText'
import type { SearchDomain } from './searchText'
import { askedDomains, tokensOfEach } from './searchTarget'
import type { AskedDomain } from './searchTarget'
import { searchWeights } from './searchWeights'
import { scoreSubsets } from './subsetScores'
import type { ScoreKeeper } from './subsetScores'
import type { ShareBounds } from './weightAscent'

/** What is searched. */
export interface SearchInput {
  domains: readonly SearchDomain[]
  members: readonly SearchMember[]
  request: SearchRequest
  randomSeed: number
}

/** Told between two pieces of work; may throw to stop. */
export type TellSearch = (
  what: 'subsets' | 'weights' | 'scores' | 'front',
  done: number,
  total: number
) => Promise<void>

/** Tokens times subsets at most, some twenty seconds; beyond that tokens are sampled. */
export const MOST_SCORED = 2 ** 33

/** The best subsets of a sample, scored again on all tokens. */
const RESCORED = 200

/** Best mixtures to be trained for real. */
const VERIFIED_BEST = 3

/** Losses that a mixture with rounded shares may miss its ceiling by, nats per token. */
const CEILING_SLACK = 1e-3

/** All that scoring needs. */
interface Searched extends SearchInput {
  asked: AskedDomain[]
  bounds: ShareBounds
}

/**
 * Searches all subsets, and with `over: 'weights'` the weights on the best of them and on all.
 *
 * Reads the `choose` halves; what was found is measured on the `confirm` halves too.
 *
 * @param keeper where scores of subsets are kept until all is found, for a search that is stopped
 *
 * @throws WorkbenchError `search/infeasible`, `study/missing-domain`, `study/missing-partition`,
 *   `domain/empty`, `usage/invalid`
 */
export async function searchMixtures(
  input: SearchInput,
  tell: TellSearch,
  keeper?: ScoreKeeper
): Promise<SearchResult<UnnamedMixture>> {
  const { domains, members, request, randomSeed } = input
  const asked = askedDomains(domains, request)
  const bounds = shareBounds(members, request)
  const searched: Searched = { ...input, asked, bounds }
  const subsets = 2 ** members.length
  const counts = tokensOfEach(asked, Math.floor(MOST_SCORED / subsets))
  const secondScore = request.second === null ? null : 1
  let scores = secondScore === null ? 1 : 2
  const ceilings = scores
  const texts = asked.map(({ domain, weight, second, ceiling }, i) => {
    const probabilities = chosenProbabilities(domain, counts[i]!, randomSeed)
    return {
      sums: probabilities.map((own, m) => own.map((one) => one * members[m]!.branches)),
      adds: [
        { score: 0, weight },
        ...(secondScore === null ? [] : [{ score: secondScore, weight: second }]),
        ...(ceiling === null ? [] : [{ score: scores++, weight: 1 }])
      ]
    }
  })
  const branches = members.map((member) => member.branches)
  const pause = (done: number) => tell('subsets', Math.round(done * (subsets - 1)), subsets - 1)
  const found = await scoreSubsets(texts, branches, scores, pause, keeper)
  const allowed = allowedSubsets(
    [found[0]!, ...found.slice(ceilings)],
    members,
    bounds,
    request,
    asked,
    RESCORED
  )
  const rescored: Scored[] = []
  for (const [i, subset] of allowed.best.entries()) {
    rescored.push(scored(sharesOf(subset, members), searched))
    await tell('scores', i + 1, allowed.best.length)
  }
  const best = await bestOf(rescored, allowed, searched, tell)
  const front = secondScore === null ? [] : await frontOf(found, allowed, searched, tell)
  await keeper?.drop()
  const told = (shares: readonly number[]) => toldMixture(shares, searched)
  const all = 2 ** members.length - 1
  return {
    over: request.over,
    members: members.map(({ name }) => name),
    target: toldWeights(asked, ({ weight }) => weight),
    second: request.second && toldWeights(asked, ({ second }) => second),
    subsets: subsets - 1,
    allowed: allowed.allowed,
    tokens: asked.reduce((sum, { domain }) => sum + chooseTokens(domain), 0),
    tokensRead: counts.reduce((sum, count) => sum + count, 0),
    best: best.slice(0, request.limit).map(told),
    front: front.map(told),
    proportional: told(sharesOf(all, members)),
    uniform: told(members.map(() => 1 / members.length)),
    verify: toVerify(best, rescored, found[0]!, allowed, searched)
  }
}

/** Shares with their target on all tokens of the `choose` half. */
interface Scored {
  shares: number[]
  target: number
  second: number
  /** By domain with a ceiling, how far above it: nats per token. */
  above: { name: string; excess: number; ceiling: number }[]
}

function scored(shares: number[], { asked }: Searched): Scored {
  let [target, second] = [0, 0]
  const above: Scored['above'] = []
  for (const { domain, weight, second: weightInSecond, ceiling } of asked) {
    const loss = halfLosses(domain, shares).choose!
    target += weight * loss
    second += weightInSecond * loss
    if (ceiling !== null) above.push({ name: domain.name, excess: loss - ceiling, ceiling })
  }
  return { shares, target, second, above }
}

async function bestOf(
  rescored: readonly Scored[],
  allowed: AllowedSubsets,
  searched: Searched,
  tell: TellSearch
): Promise<number[][]> {
  const isSubsets = searched.request.over === 'subsets'
  const candidates = isSubsets
    ? rescored
    : (await searchWeights(supportsOf(allowed, searched), searched, tell)).map((shares) =>
        scored(shares, searched)
      )
  const slack = isSubsets ? 0 : CEILING_SLACK
  const sized = candidates.filter(({ shares }) => hasSize(shares, searched.request))
  if (sized.length === 0 && candidates.length > 0) {
    throw infeasible('sizes', 'the best weights give fewer members a share than are asked for.')
  }
  const keeping = sized.filter(({ above }) => above.every(({ excess }) => excess <= slack))
  if (keeping.length === 0) {
    // Over weights nothing is found at all where nothing keeps to it.
    const nearest = sized[0]?.above.find(({ excess }) => excess > slack)
    const why = nearest
      ? `${nearest.name} is to cost at most ${nearest.ceiling} nats per token; the best mixtures cost ${round(nearest.ceiling + nearest.excess)}.`
      : `no weights bring ${Object.keys(searched.request.atMost).join(', ')} to so low a loss.`
    throw infeasible('atMost', why)
  }
  return keeping.sort((a, b) => a.target - b.target).map(({ shares }) => shares)
}

/**
 * What can be had of both losses: exactly over subsets; over weights by the best for weightings of both.
 */
async function frontOf(
  scores: readonly Float64Array[],
  allowed: AllowedSubsets,
  searched: Searched,
  tell: TellSearch
): Promise<number[][]> {
  const { members, request } = searched
  const found: Scored[] = []
  if (request.over === 'subsets') {
    const subsets: number[] = []
    for (let subset = 1; subset < 2 ** members.length; subset++) {
      if (allowed.isAllowed(subset)) subsets.push(subset)
    }
    const [first, second] = scores
    const front = spread(
      nondominated(
        subsets,
        (subset) => first![subset]!,
        (subset) => second![subset]!
      )
    )
    for (const [done, subset] of front.entries()) {
      await tell('front', done, front.length)
      found.push(scored(sharesOf(subset, members), searched))
    }
  } else {
    const targets = targetsBetween(searched.asked)
    const supports = supportsOf(allowed, searched).slice(0, request.sizes === null ? 1 : undefined)
    for (const [done, asked] of targets.entries()) {
      await tell('front', done, targets.length)
      const pause = () => tell('front', done, targets.length)
      const weights = await searchWeights(supports, { ...searched, asked }, pause)
      found.push(...weights.map((shares) => scored(shares, searched)))
    }
  }
  const slack = request.over === 'subsets' ? 0 : CEILING_SLACK
  const keeping = found.filter(
    ({ shares, above }) => hasSize(shares, request) && above.every(({ excess }) => excess <= slack)
  )
  // Of a sample of tokens all is not known: what all of them say decides.
  return nondominated(
    [...keeping.keys()],
    (place) => keeping[place]!.target,
    (place) => keeping[place]!.second
  ).map((place) => keeping[place]!.shares)
}

function toldWeights(
  asked: readonly AskedDomain[],
  weightOf: (one: AskedDomain) => number
): Record<string, number> {
  return Object.fromEntries(
    asked.filter((one) => weightOf(one) > 0).map((one) => [one.domain.name, weightOf(one)])
  )
}

/** Subsets on which weights are searched: all members first, where all may be in, then the best. */
function supportsOf(
  { best, isAllowed }: AllowedSubsets,
  { members, request }: Searched
): boolean[][] {
  const all = 2 ** members.length - 1
  const own = [...new Set([...(isAllowed(all) ? [all] : []), ...best.slice(0, request.limit)])]
  return own.map((subset) => members.map((_, i) => isIn(subset, i)))
}

/** Shares of a subset's members by their branches, as in the micro merge. */
function sharesOf(subset: number, members: readonly SearchMember[]): number[] {
  const own = members.map(({ branches }, i) => (isIn(subset, i) ? branches : 0))
  const sum = own.reduce((a, b) => a + b, 0)
  return own.map((count) => count / sum)
}

/**
 * What should be trained to see whether the search is right: its best; the worst of that size (of
 * the next smaller one where there is no other), so that there is something to tell apart; and in the
 * best quarter of the subsets that least like the best, so that not all of them hold the same text.
 */
function toVerify(
  best: readonly number[][],
  rescored: readonly Scored[],
  target: Float64Array,
  { allowed, isAllowed }: AllowedSubsets,
  searched: Searched
): Verified<UnnamedMixture>[] {
  const first = best[0]!
  const size = first.filter((share) => share > 0).length
  const list: { shares: readonly number[]; why: Verified<UnnamedMixture>['why'] }[] = best
    .slice(0, VERIFIED_BEST)
    .map((shares) => ({ shares, why: 'best' }))
  const isListed = (shares: readonly number[]) =>
    list.some((one) => overlap(one.shares, shares) > 1 - 1e-9)
  const contrast = worstOfSize(size, target, isAllowed) ?? worstOfSize(size - 1, target, isAllowed)
  const worst = contrast === null ? null : sharesOf(contrast, searched.members)
  if (worst && !isListed(worst)) list.push({ shares: worst, why: 'worst' })
  const unlike = rescored
    .slice(0, Math.ceil(allowed / 4))
    .map(({ shares }) => shares)
    .filter((shares) => !isListed(shares))
    .sort((a, b) => overlap(a, first) - overlap(b, first))[0]
  if (unlike) list.push({ shares: unlike, why: 'unlike' })
  return list.map(({ shares, why }) => ({ ...toldMixture(shares, searched), why }))
}

/** The allowed subset of a size that scores worst; null where there are not two to compare. */
function worstOfSize(
  size: number,
  target: Float64Array,
  isAllowed: (subset: number) => boolean
): number | null {
  const own: number[] = []
  for (let subset = 1; subset < target.length; subset++) {
    if (sizeOf(subset) === size && isAllowed(subset)) own.push(subset)
  }
  if (own.length < 2) return null
  return own.reduce((worst, one) => (target[one]! > target[worst]! ? one : worst))
}

/** What two mixtures have in common, 0 … 1. */
function overlap(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, share, i) => sum + Math.min(share, b[i]!), 0)
}

function toldMixture(
  shares: readonly number[],
  { domains, asked, members, bounds, request }: Searched
): UnnamedMixture {
  const losses = new Map(domains.map((domain) => [domain.name, halfLosses(domain, shares)]))
  const both = (weightOf: (one: AskedDomain) => number): HalfLosses =>
    weighedLosses(toldWeights(asked, weightOf), Object.fromEntries(losses))
  // Weights were rounded: a bound is kept to up to that.
  const rounding = request.over === 'weights' ? 1e-4 : 1e-9
  const breaks = brokenBy(shares, members, bounds, request, rounding)
  const slack = request.over === 'weights' ? CEILING_SLACK : 0
  const isDear = asked.some(
    ({ domain, ceiling }) => ceiling !== null && losses.get(domain.name)!.choose! > ceiling + slack
  )
  return {
    shares: Object.fromEntries(
      members.flatMap(({ name }, i) => (shares[i]! > 0 ? [[name, shares[i]!]] : []))
    ),
    tokens: members.reduce((sum, { tokens }, i) => sum + (shares[i]! > 0 ? tokens : 0), 0),
    target: both(({ weight }) => weight),
    second: request.second && both(({ second }) => second),
    domains: Object.fromEntries(losses),
    breaks: isDear ? [...breaks, 'atMost'] : breaks
  }
}

/** A weighting's loss on each half; null where a domain of it has no document there. */
export function weighedLosses(
  weights: Record<string, number>,
  losses: Record<string, HalfLosses>
): HalfLosses {
  const on = (half: keyof HalfLosses): number | null => {
    let sum = 0
    for (const [name, weight] of Object.entries(weights)) {
      const loss = losses[name]?.[half] ?? null
      if (loss === null) return null
      sum += weight * loss
    }
    return sum
  }
  return { choose: on('choose'), confirm: on('confirm') }
}
