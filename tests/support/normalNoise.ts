/** Normal noise for studies with a known truth. */
import type { seededRandom } from '#engine/statistics/random'

/** A draw from the standard normal distribution (Box–Muller, one of its two). */
export function normal(random: ReturnType<typeof seededRandom>): number {
  const steps = 2 ** 32
  const radius = Math.sqrt(-2 * Math.log((random.below(steps) + 1) / steps))
  return radius * Math.cos((2 * Math.PI * random.below(steps)) / steps)
}
