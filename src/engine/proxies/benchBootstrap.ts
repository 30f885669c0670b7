/** Measures the bootstrap of correlations over many domains. */
import { drawResamples } from '#engine/statistics/bootstrap'
import { percentileInterval } from '#engine/statistics/intervals'
import { pairWorkspace, STATISTICS } from '#engine/statistics/pairs'
import { seededRandom } from '#engine/statistics/random'

/** What docs/benchmarks.md reports. */
const RESAMPLES = 10_000
const DOMAINS = 30
const MIXTURES = 200

interface BootstrapTime {
  /** The best of all repetitions. */
  elapsedSeconds: number
  shape: string
}

/**
 * Draws mixtures again and correlates a proxy with the truth in every resample of every domain:
 * r, ρ and τ-b, and the interval of each.
 *
 * @param limits repetitions at most, and seconds after which none is begun
 */
export function benchBootstrap(limits: { repetitions: number; seconds: number }): BootstrapTime {
  const random = seededRandom(7)
  const uniform = () => random.below(1 << 30) / (1 << 30)
  const groups = new Int32Array(MIXTURES)
  const domains = Array.from({ length: DOMAINS }, () => {
    const x = Float64Array.from({ length: MIXTURES }, uniform)
    return { x, y: x.map((value) => value + uniform()), groups }
  })
  const ends = performance.now() + 1000 * limits.seconds
  let best = Infinity
  for (let i = 0; i < limits.repetitions && (i === 0 || performance.now() < ends); i++) {
    const began = performance.now()
    const drawn = drawResamples(groups, i, RESAMPLES)
    const out = new Float64Array(STATISTICS.length)
    for (const domain of domains) {
      const workspace = pairWorkspace(domain)
      const found = STATISTICS.map(() => new Float64Array(RESAMPLES))
      for (let b = 0; b < RESAMPLES; b++) {
        workspace.measure(drawn.counts, b * MIXTURES, out)
        for (let s = 0; s < STATISTICS.length; s++) found[s]![b] = out[s]!
      }
      found.forEach(percentileInterval)
    }
    best = Math.min(best, (performance.now() - began) / 1000)
  }
  return {
    elapsedSeconds: best,
    shape: `${RESAMPLES} resamples of ${MIXTURES} mixtures on ${DOMAINS} domains, r, ρ and τ`
  }
}
