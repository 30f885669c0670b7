import fc from 'fast-check'
import { expect, test } from 'vitest'
import { kendallTauB, midRanks, pearson, spearman } from '#engine/statistics/correlation'
import { denseLevels, pairWorkspace } from '#engine/statistics/pairs'

const small = fc.integer({ min: 0, max: 6 })

/** Pairs with ties, and how often each counts. */
const countedPairs = fc
  .array(fc.tuple(small, small, fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 2 })), {
    minLength: 3,
    maxLength: 25
  })
  .map((rows) => ({
    x: Float64Array.from(rows, (row) => row[0]),
    y: Float64Array.from(rows, (row) => row[1] * 1.7 + 100),
    counts: Uint16Array.from(rows, (row) => row[2]),
    groups: denseGroups(rows.map((row) => row[3]))
  }))

function denseGroups(values: number[]): Int32Array {
  return denseLevels(Float64Array.from(values))
}

function repeat(values: Float64Array, counts: Uint16Array): number[] {
  return [...values].flatMap((value, i) => Array.from({ length: counts[i]! }, () => value))
}

function close(found: number, expected: number | undefined): void {
  if (expected === undefined) expect(found).toBeNaN()
  else expect(found).toBeCloseTo(expected, 10)
}

test('counting a pair several times is the same as writing it several times', () => {
  fc.assert(
    fc.property(countedPairs, ({ x, y, counts }) => {
      const out = new Float64Array(3)
      const groups = new Int32Array(x.length)
      pairWorkspace({ x, y, groups }).measure(counts, 0, out)
      const longX = repeat(x, counts)
      const longY = repeat(y, counts)
      if (longX.length < 3) return
      close(out[0]!, pearson(longX, longY)?.value)
      close(out[1]!, spearman(longX, longY)?.value)
      close(out[2]!, kendallTauB(longX, longY)?.value)
    })
  )
})

test('with groups it is Pearson of values centred in each group, and of ranks in each group', () => {
  fc.assert(
    fc.property(countedPairs, ({ x, y, groups }) => {
      const out = new Float64Array(3)
      pairWorkspace({ x, y, groups }).measure(null, 0, out)
      const centred = (values: Float64Array, byRank: boolean) => {
        const result = new Float64Array(values.length)
        for (const group of new Set(groups)) {
          const own = [...groups.keys()].filter((i) => groups[i] === group)
          const inside = byRank
            ? midRanks(own.map((i) => values[i]!))
            : Float64Array.from(own, (i) => values[i]!)
          const mean = inside.reduce((sum, value) => sum + value, 0) / own.length
          own.forEach((i, k) => (result[i] = inside[k]! - mean))
        }
        return result
      }
      const ranks = spearmanOfCentred(centred(x, true), centred(y, true))
      if (ranks === null) {
        expect([...out]).toEqual([NaN, NaN, NaN])
        return
      }
      close(out[1]!, ranks)
      close(out[0]!, pearson(centred(x, false), centred(y, false))!.value)
    })
  )
})

/** Pearson of columns that are centred already; null where one does not vary. */
function spearmanOfCentred(x: Float64Array, y: Float64Array): number | null {
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, v, i) => sum + v * b[i]!, 0)
  const xx = dot(x, x)
  const yy = dot(y, y)
  return xx < 1e-9 || yy < 1e-9 ? null : dot(x, y) / Math.sqrt(xx * yy)
}

test('with groups Kendall counts only pairs inside a group', () => {
  const x = Float64Array.from([1, 2, 3, 30, 20, 10])
  const y = Float64Array.from([1, 2, 3, 40, 50, 60])
  const groups = Int32Array.from([0, 0, 0, 1, 1, 1])
  const out = new Float64Array(3)
  pairWorkspace({ x, y, groups }).measure(null, 0, out)
  expect(out[2]).toBe(0)
})

test('other x values can be put in place of the first', () => {
  fc.assert(
    fc.property(countedPairs, ({ x, y, groups }) => {
      const first = new Float64Array(3)
      const second = new Float64Array(3)
      const other = Float64Array.from(x, (value, i) => Math.sin(value + i))
      const workspace = pairWorkspace({ x, y, groups })
      workspace.setX(other, denseLevels(other))
      workspace.measure(null, 0, first)
      pairWorkspace({ x: other, y, groups }).measure(null, 0, second)
      expect(first).toEqual(second)
    })
  )
})

test('freedom leaves out pairs alone in their group and one for each further group', () => {
  const x = Float64Array.from([1, 2, 3, 4, 5, 6])
  const out = new Float64Array(3)
  const freedomOf = (groups: number[]) =>
    pairWorkspace({ x, y: x, groups: Int32Array.from(groups) }).measure(null, 0, out)
  expect([
    freedomOf([0, 0, 0, 0, 0, 0]),
    freedomOf([0, 0, 0, 1, 1, 1]),
    freedomOf([0, 0, 1, 1, 2, 2]),
    freedomOf([0, 0, 0, 0, 0, 1])
  ]).toEqual([6, 5, 4, 5])
})
