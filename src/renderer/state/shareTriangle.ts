/** Shares of three members as a place in a triangle, and back. Pure. */
import type { Matrix } from '#shared/evidenceView'

export type Three = readonly [number, number, number]

/** A place in the unit triangle: the first member at the top, the second left, the third right. */
export interface Place {
  x: number
  y: number
}

/** Height of a triangle whose sides are 1. */
export const TRIANGLE_HEIGHT = Math.sqrt(3) / 2

/** Mixtures whose other shares are further off than this in all do not lie in the picture's plane. */
const NEAR = 0.05

/** @param parts of three, summing to 1 */
export function placeOf([top, , right]: Three): Place {
  return { x: right + top / 2, y: (1 - top) * TRIANGLE_HEIGHT }
}

/** Parts of three at a place, or at the nearest one of the triangle; they sum to 1. */
export function partsAt({ x, y }: Place): Three {
  const top = 1 - y / TRIANGLE_HEIGHT
  const right = x - top / 2
  const parts = [top, 1 - top - right, right].map((part) => Math.max(0, part))
  const sum = parts.reduce((all, part) => all + part, 0)
  return parts.map((part) => part / sum) as unknown as Three
}

/** Parts that three members have of what they have together; null where they have nothing. */
export function partsOf(shares: readonly number[], three: Three): Three | null {
  const own = three.map((index) => shares[index] ?? 0)
  const sum = own.reduce((all, share) => all + share, 0)
  return sum < 1e-9 ? null : (own.map((share) => share / sum) as unknown as Three)
}

/** Shares with three of them parted anew; the others, and what the three have together, stay. */
export function withParts(shares: readonly number[], three: Three, parts: Three): number[] {
  const sum = three.reduce((all, index) => all + (shares[index] ?? 0), 0)
  return shares.map((share, index) => {
    const at = three.indexOf(index)
    return at < 0 ? share : parts[at]! * sum
  })
}

/**
 * Parts after a key: up gives to the first member, left to the second, right to the third, in
 * proportion to what the others have; down takes from the first.
 *
 * @returns null for another key
 */
export function partsAfterKey(parts: Three, key: string, step: number): Three | null {
  const [at, by] =
    { ArrowUp: [0, step], ArrowDown: [0, -step], ArrowLeft: [1, step], ArrowRight: [2, step] }[
      key
    ] ?? []
  if (at === undefined || by === undefined) return null
  const own = Math.max(0, Math.min(1, parts[at]! + by))
  const others = 1 - parts[at]!
  return parts.map((part, i) => {
    if (i === at) return own
    return others > 1e-9 ? (part / others) * (1 - own) : (1 - own) / 2
  }) as unknown as Three
}

/** Mixtures of the matrix that differ from some shares in these three alone, or nearly. */
export function mixturesInPlane(
  { rows }: Pick<Matrix, 'rows'>,
  shares: readonly number[],
  three: Three
): { mixture: string; row: number; parts: Three }[] {
  return rows.flatMap(({ mixture, shares: own }, row) => {
    const off = own.reduce(
      (sum, share, i) => sum + (three.includes(i) ? 0 : Math.abs(share - (shares[i] ?? 0))),
      0
    )
    const parts = partsOf(own, three)
    return off <= NEAR && parts ? [{ mixture, row, parts }] : []
  })
}
