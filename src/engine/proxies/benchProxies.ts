/** Measures the ensemble: a mixture's score, and the search over all subsets. */
import { seededRandom } from '#engine/statistics/random'
import { branchProbabilities, ensembleNats } from './ensemble'
import { scoreSubsets } from './search/subsetScores'

/** What docs/benchmarks.md reports. */
const TOKENS = 50_000
const BRANCHES = 10
const MEMBERS = 16
const DOCUMENT = 500

/** Repetitions at most, and seconds after which none is begun. */
interface Limits {
  repetitions: number
  seconds: number
}

/** Scores mixtures of ten branches on 50,000 tokens, each with other weights. */
export function benchEnsemble(limits: Limits): { mixturesPerSecond: number; shape: string } {
  const random = seededRandom(3)
  const branches = Array.from({ length: BRANCHES }, () => branchProbabilities(randomNats(random)))
  const documents = new Array<number>(TOKENS / DOCUMENT).fill(DOCUMENT)
  let best = Infinity
  const ends = performance.now() + 1000 * limits.seconds
  for (let i = 0; i < limits.repetitions && (i === 0 || performance.now() < ends); i++) {
    const drawn = branches.map(() => 1 + random.below(100))
    const sum = drawn.reduce((a, b) => a + b, 0)
    const weights = drawn.map((one) => one / sum)
    const began = performance.now()
    ensembleNats(branches, weights, documents)
    best = Math.min(best, (performance.now() - began) / 1000)
  }
  return {
    mixturesPerSecond: 1 / best,
    shape: `${BRANCHES} branches, ${TOKENS} tokens`
  }
}

/** Scores all subsets of sixteen members on 50,000 tokens. */
export async function benchSearch(limits: Limits): Promise<{
  elapsedSeconds: number
  subsetTokensPerSecond: number
  shape: string
}> {
  const random = seededRandom(4)
  const sums = Array.from({ length: MEMBERS }, () =>
    Float64Array.from(randomNats(random), (one) => Math.exp(-one))
  )
  const branches = new Array<number>(MEMBERS).fill(1)
  const texts = [{ sums, adds: [{ score: 0, weight: 1 }] }]
  let best = Infinity
  const ends = performance.now() + 1000 * limits.seconds
  for (let i = 0; i < limits.repetitions && (i === 0 || performance.now() < ends); i++) {
    const began = performance.now()
    await scoreSubsets(texts, branches, 1, () => Promise.resolve())
    best = Math.min(best, (performance.now() - began) / 1000)
  }
  return {
    elapsedSeconds: best,
    subsetTokensPerSecond: (2 ** MEMBERS * TOKENS) / best,
    shape: `all ${2 ** MEMBERS} subsets of ${MEMBERS} members, ${TOKENS} tokens`
  }
}

/** Nats of so many tokens, from 1 to 9: what a small model says of text. */
function randomNats(random: ReturnType<typeof seededRandom>): Float32Array {
  return Float32Array.from({ length: TOKENS }, () => 1 + random.below(1 << 20) / (1 << 17))
}
