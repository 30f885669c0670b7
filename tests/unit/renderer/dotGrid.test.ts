import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DotGrid } from '../../../src/renderer/charts/dotGrid'

const place = fc.integer({ min: -40, max: 300 })
const dots = fc.array(fc.tuple(place, place), { maxLength: 60 })

const gridOf = (list: [number, number][]) =>
  new DotGrid(
    list.map(([x]) => x),
    list.map(([, y]) => y)
  )

test('the nearest dot is the one that a search through all finds', () => {
  fc.assert(
    fc.property(dots, place, place, fc.integer({ min: 1, max: 50 }), (list, x, y, within) => {
      const away = list.map(([dotX, dotY]) => Math.hypot(dotX - x, dotY - y))
      const least = Math.min(...away)
      const found = gridOf(list).nearest(x, y, within)
      if (least > within) expect(found).toBe(null)
      else expect(away[found!]).toBeCloseTo(least, 9)
    })
  )
})

test('of dots at one place the later is found: it is drawn above', () => {
  const list: [number, number][] = [
    [5, 5],
    [5, 5]
  ]
  expect(gridOf(list).nearest(6, 5, 3)).toBe(1)
})

test('a rectangle holds the dots that lie in it, whichever corner it was drawn from', () => {
  fc.assert(
    fc.property(dots, place, place, place, place, (list, x0, y0, x1, y1) => {
      const isIn = ([x, y]: [number, number]) =>
        x >= Math.min(x0, x1) &&
        x <= Math.max(x0, x1) &&
        y >= Math.min(y0, y1) &&
        y <= Math.max(y0, y1)
      const expected = list.flatMap((one, i) => (isIn(one) ? [i] : []))
      expect(gridOf(list).inside(x0, y0, x1, y1)).toEqual(expected)
    })
  )
})
