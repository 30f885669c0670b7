/** Seeded randomness for resampling; nothing in statistics draws from anywhere else. */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** Draws whole numbers below a bound. */
interface RandomSource {
  /** A whole number from 0 to `bound` − 1. Its bias is below bound / 2³². */
  below(bound: number): number
}

/**
 * Mixes a random seed and what it is used for into 32 bits (FNV-1a).
 *
 * Uses that must not move together get different labels; uses that must (documents resampled
 * alike for every model, so that differences are paired) share them.
 */
export function deriveSeed(randomSeed: number, ...labels: string[]): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from([String(randomSeed), ...labels].join('\u0000'))) {
    hash = Math.imul(hash ^ byte, 0x01000193)
  }
  return hash | 0
}

/** Opens a generator whose whole sequence follows from a 32-bit seed. */
export function seededRandom(seed: number): RandomSource {
  const generator = xoroshiro128plus(seed)
  return { below: (bound) => Math.floor(((generator.next() >>> 0) / 4294967296) * bound) }
}

/** Shuffles in place (Fisher–Yates); every order is equally likely. */
export function shuffle<T>(values: T[], random: RandomSource): T[] {
  for (let last = values.length - 1; last > 0; last--) {
    const other = random.below(last + 1)
    const kept = values[last]!
    values[last] = values[other]!
    values[other] = kept
  }
  return values
}
