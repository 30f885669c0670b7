/** Shares of a mixture as sliders that always sum to one. Pure. */
import type { Matrix } from '#shared/evidenceView'

/** Shares are set in steps of so much; smaller ones could not be read off a slider. */
export const SHARE_STEP = 0.01

/**
 * Moves one share; the others that are not locked give or take in proportion to what they have, or
 * alike where they have nothing.
 *
 * @param shares with sum 1
 * @param locked shares that stay; the moved one is moved all the same
 * @returns shares with sum 1; the moved one stops where the others have nothing left to give
 */
export function withShare(
  shares: readonly number[],
  locked: readonly boolean[],
  index: number,
  wanted: number
): number[] {
  const isFree = shares.map((_, i) => i !== index && !locked[i])
  const kept = shares.reduce((sum, share, i) => sum + (i !== index && !isFree[i] ? share : 0), 0)
  if (!isFree.includes(true)) return [...shares]
  const moved = Math.max(0, Math.min(1 - kept, wanted))
  const rest = 1 - kept - moved
  const given = shares.reduce((sum, share, i) => sum + (isFree[i] ? share : 0), 0)
  const free = isFree.filter(Boolean).length
  return shares.map((share, i) => {
    if (i === index) return moved
    if (!isFree[i]) return share
    return given > 0 ? (share / given) * rest : rest / free
  })
}

/** Every member the same. */
export function uniformShares(members: number): number[] {
  return Array.from({ length: members }, () => 1 / members)
}

/** Weights by name, those of nothing left out; rounded so that equal sliders are equal weights. */
export function weightsOf(
  names: readonly string[],
  shares: readonly number[]
): Record<string, number> {
  const rounded = names.map((name, i) => [name, Math.round(shares[i]! * 1e6) / 1e6] as const)
  return Object.fromEntries(rounded.filter(([, weight]) => weight > 0))
}

/** A mixture of the matrix, and how far its shares are from some: 0 the same, 1 nothing shared. */
export interface NearMixture {
  place: number
  mixture: string
  distance: number
}

/** The nearest mixtures of the matrix, nearest first. */
export function nearestMixtures(
  { rows }: Matrix,
  shares: readonly number[],
  most: number
): NearMixture[] {
  return rows
    .map(({ mixture, shares: own }, place) => ({
      place,
      mixture,
      distance: own.reduce((sum, share, i) => sum + Math.abs(share - (shares[i] ?? 0)), 0) / 2
    }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
}
