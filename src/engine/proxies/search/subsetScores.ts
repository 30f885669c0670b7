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

/** Scores of all subsets on the first so many tokens, counted over all texts. */
export interface ScoredPart {
  tokens: number
  found: Float64Array[]
}

/** Where scores are kept between whole blocks of tokens, so that a search that was stopped goes on. */
export interface ScoreKeeper {
  /** What was kept of just this search; null where nothing was. */
  take(): Promise<ScoredPart | null>
  /** Told after each block; keeps what it sees fit. */
  keep(part: ScoredPart): Promise<void>
  /** Forgets it. */
  drop(): Promise<void>
}

/** Tokens taken through all subsets at once: what is summed of them stays in a near cache. */
const BLOCK = 1024

/** Subsets between two pauses: some ten milliseconds. */
const SUBSETS_AT_ONCE = 4096

/** Factors of one logarithm: 32 probabilities of e^-20 are still told from nothing. */
const FACTORS = 32
const LEAST_PRODUCT = 1e-290

/** Subsets scored in one pass over the tokens: they share all but their lowest three members. */
const TOGETHER = 8

/**
 * Scores every subset: its branches all count the same, as in the micro merge.
 *
 * A subset is its largest part (itself without its lowest member) and one member. Counting upwards
 * visits every subset after that part, and the part's sums are the last ones made at its own lowest
 * member, so that one array per member is all that is kept. Eight subsets that differ in the lowest
 * three members alone are made in one pass: an addition and a factor each per token, one store for
 * all, and a logarithm for every 32 tokens. Nothing is ever subtracted, unlike in Gray-code order,
 * where a probable member taken away again leaves its rounding behind in the improbable rest.
 *
 * A token to which no member of a subset gives a probability that a float64 holds costs 744 nats.
 *
 * @param branches of each member
 * @param scores how many there are
 * @param keeper where the scores of earlier tokens lie, if they do: sums are then the same to the bit
 * @returns each score by subset, whose bit i is member i; the empty one has NaN
 */
export async function scoreSubsets(
  texts: readonly ScoredText[],
  branches: readonly number[],
  scores: number,
  pause: Pause,
  keeper?: ScoreKeeper
): Promise<Float64Array[]> {
  const subsets = 2 ** branches.length
  const kept = (await keeper?.take()) ?? null
  const found =
    kept?.found ?? Array.from({ length: scores }, () => new Float64Array(subsets).fill(NaN, 0, 1))
  const logBranches = totalsOf(branches).map(Math.log)
  const levels = branches.map(() => new Float64Array(BLOCK))
  const nothing = new Float64Array(BLOCK)
  const scratch = new Float64Array(BLOCK)
  const logs = new Float64Array(TOGETHER)
  const inAll = texts.reduce((sum, { sums }) => sum + sums[0]!.length, 0)
  let before = 0
  for (const { sums, adds } of texts) {
    const tokens = sums[0]!.length
    for (let first = 0; first < tokens; first += BLOCK) {
      const count = Math.min(BLOCK, tokens - first)
      if (kept && before + count <= kept.tokens) {
        before += count
        continue
      }
      const blocks = sums.map((member) => member.subarray(first, first + count))
      // Fewer than three members are joined by some that say nothing.
      const [a, b, c] = [blocks[0]!, blocks[1] ?? nothing, blocks[2] ?? nothing]
      for (let from = 0; from < subsets; from += SUBSETS_AT_ONCE) {
        const to = Math.min(subsets, from + SUBSETS_AT_ONCE)
        for (let base = from; base < to; base += TOGETHER) {
          if (base === 0) {
            addLowest(nothing, nothing, scratch, a, b, c, count, logs)
          } else {
            const lowest = lowestOf(base)
            const part = base & (base - 1)
            const sumsOfPart = part === 0 ? nothing : levels[lowestOf(part)]!
            addLowest(sumsOfPart, blocks[lowest]!, levels[lowest]!, a, b, c, count, logs)
          }
          const end = Math.min(to, base + TOGETHER)
          for (let subset = Math.max(1, base); subset < end; subset++) {
            const nats = count * logBranches[subset]! - logs[subset - base]!
            for (const { score, weight } of adds) {
              found[score]![subset]! += (weight * nats) / tokens
            }
          }
        }
        await pause((before + (count * to) / subsets) / inAll)
      }
      before += count
      await keeper?.keep({ tokens: before, found })
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

/**
 * Adds a member to a part's sums, and to what comes of it every choice of the lowest three members.
 *
 * @param into receives the sums of part and member
 * @param logs receives for each choice, whose bits are `a`, `b`, `c`, the sum of the logarithms
 */
function addLowest(
  part: Float64Array,
  member: Float64Array,
  into: Float64Array,
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  count: number,
  logs: Float64Array
): void {
  logs.fill(0)
  for (let first = 0; first < count; first += FACTORS) {
    const end = Math.min(count, first + FACTORS)
    let p0 = 1
    let p1 = 1
    let p2 = 1
    let p3 = 1
    let p4 = 1
    let p5 = 1
    let p6 = 1
    let p7 = 1
    for (let token = first; token < end; token++) {
      const own = part[token]! + member[token]!
      into[token] = own
      const ofA = a[token]!
      const ofB = b[token]!
      const withB = own + ofB
      const withC = own + c[token]!
      const withBoth = withC + ofB
      p0 *= own
      p1 *= own + ofA
      p2 *= withB
      p3 *= withB + ofA
      p4 *= withC
      p5 *= withC + ofA
      p6 *= withBoth
      p7 *= withBoth + ofA
    }
    products[0] = p0
    products[1] = p1
    products[2] = p2
    products[3] = p3
    products[4] = p4
    products[5] = p5
    products[6] = p6
    products[7] = p7
    for (let choice = 0; choice < TOGETHER; choice++) {
      // Of products too small, and of the empty choice, which nobody reads, tokens are taken singly.
      const product = products[choice]!
      logs[choice]! +=
        product > LEAST_PRODUCT
          ? Math.log(product)
          : logsOneByOne(choice, into, a, b, c, first, end)
    }
  }
}

const products = new Float64Array(TOGETHER)

function logsOneByOne(
  choice: number,
  sums: Float64Array,
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  first: number,
  end: number
): number {
  let logs = 0
  for (let token = first; token < end; token++) {
    let sum = sums[token]!
    if (choice & 4) sum += c[token]!
    if (choice & 2) sum += b[token]!
    if (choice & 1) sum += a[token]!
    logs += Math.log(Math.max(sum, Number.MIN_VALUE))
  }
  return logs
}
