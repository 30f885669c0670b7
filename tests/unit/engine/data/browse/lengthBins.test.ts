import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lengthBins, median } from '#engine/data/browse/lengthBins'

test('every length is in one bin, and bins follow one another', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2_000_000 }), { minLength: 1 }), (lengths) => {
      const bins = lengthBins(lengths)
      expect(bins.reduce((sum, { documents }) => sum + documents, 0)).toBe(lengths.length)
      bins.forEach(({ from, to, documents }, index) => {
        const inside = lengths.filter((one) => Math.max(1, one) >= from && Math.max(1, one) < to)
        expect(inside.length).toBe(documents)
        if (index > 0) expect(from).toBe(bins[index - 1]!.to)
      })
    })
  )
})

test('nothing has no bins and no median; a median is the middle', () => {
  expect([lengthBins([]), median([]), median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([
    [],
    null,
    2,
    2.5
  ])
})
