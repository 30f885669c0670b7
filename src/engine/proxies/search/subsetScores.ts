/** The loss of every subset of members as an ensemble, from what each member says of each token. */

/** A text that subsets are scored on. */
export interface ScoredText {
  /** By member, of every token: the sum of its branches' probabilities. */
  sums: readonly Float64Array[]
  /** The scores that its mean loss is added to, and how much of it. */
  adds: readonly { score: number; weight: number }[]
}

/** Called between two pieces of work with the share done, 0 … 1; may throw to stop. */
export type Pause = (done: number) => Promise<void>

/** Tokens taken through all subsets at once: what is summed of them stays in a near cache. */
const BLOCK = 1024

/** Subsets between two pauses: some ten milliseconds. */
const SUBSETS_AT_ONCE = 4096

/** Factors of one logarithm: eight probabilities of 1e-35 are still told from nothing. */
const FACTORS = 8
const LEAST_PRODUCT = 1e-290

/**
 * Scores every subset: its branches all count the same, as in the micro merge.
 *
 * A subset is its largest part (itself without its lowest member) and one member: one addition per
 * token, and a logarithm for every eight. Counting upwards visits every subset after that part, and
 * the part's sums are the last ones made at its own lowest member, so that one array per member is
 * all that is kept. Nothing is ever subtracted, unlike in Gray-code order, where a probable member
 * taken away again leaves its rounding behind in the improbable rest.
 *
 * A token to which no member of a subset gives a probability that a float64 holds costs 744 nats.
 *
 * @param branches of each member
 * @param scores how many there are
 * @returns each score by subset, whose bit i is member i; the empty one has NaN
 */
export async function scoreSubsets(
  texts: readonly ScoredText[],
  branches: readonly number[],
  scores: number,
  pause: Pause
): Promise<Float64Array[]> {
  const subsets = 2 ** branches.length
  const found = Array.from({ length: scores }, () => new Float64Array(subsets).fill(NaN, 0, 1))
  const logBranches = totalsOf(branches).map(Math.log)
  const levels = branches.map(() => new Float64Array(BLOCK))
  const nothing = new Float64Array(BLOCK)
  const inAll = texts.reduce((sum, { sums }) => sum + sums[0]!.length, 0)
  let before = 0
  for (const { sums, adds } of texts) {
    const tokens = sums[0]!.length
    for (let first = 0; first < tokens; first += BLOCK) {
      const count = Math.min(BLOCK, tokens - first)
      const blocks = sums.map((member) => member.subarray(first, first + count))
      for (let from = 1; from < subsets; from += SUBSETS_AT_ONCE) {
        const to = Math.min(subsets, from + SUBSETS_AT_ONCE)
        for (let subset = from; subset < to; subset++) {
          const lowest = lowestOf(subset)
          const part = subset & (subset - 1)
          const sumsOfPart = part === 0 ? nothing : levels[lowestOf(part)]!
          const logs = addMember(sumsOfPart, blocks[lowest]!, levels[lowest]!, count)
          const nats = count * logBranches[subset]! - logs
          for (const { score, weight } of adds) found[score]![subset]! += (weight * nats) / tokens
        }
        await pause((before + (count * to) / subsets) / inAll)
      }
      before += count
    }
  }
  return found
}

/** For every subset the sum of its members' amounts; subset's bit i is member i. */
export function totalsOf(amounts: readonly number[]): Float64Array {
  const totals = new Float64Array(2 ** amounts.length)
  for (let subset = 1; subset < totals.length; subset++) {
    totals[subset] = totals[subset & (subset - 1)]! + amounts[lowestOf(subset)]!
  }
  return totals
}

function lowestOf(subset: number): number {
  return 31 - Math.clz32(subset & -subset)
}

/** Adds a member to sums, and returns the sum of the logarithms of what comes of it. */
function addMember(
  sums: Float64Array,
  member: Float64Array,
  into: Float64Array,
  count: number
): number {
  let logs = 0
  for (let first = 0; first < count; first += FACTORS) {
    const end = Math.min(count, first + FACTORS)
    let product = 1
    for (let token = first; token < end; token++) {
      const sum = sums[token]! + member[token]!
      into[token] = sum
      product *= sum
    }
    if (product > LEAST_PRODUCT) logs += Math.log(product)
    else for (let t = first; t < end; t++) logs += Math.log(Math.max(into[t]!, Number.MIN_VALUE))
  }
  return logs
}
