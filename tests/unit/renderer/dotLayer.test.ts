import { expect, test } from 'vitest'
import {
  drawingOrder,
  measured,
  numberStyles,
  opacityAmong,
  placesAlong,
  sizeAmong
} from '../../../src/renderer/charts/dotLayer'
import { markOf } from '../../../src/renderer/charts/marks'
import { axisOver } from '../../../src/renderer/charts/scatterAxes'

test.each([false, true])('places are those that the axis itself gives; log %s', (isLog) => {
  const axis = axisOver([3, 700], [250, 10], isLog)
  const values = [3, 17.5, 260, 700, 900]
  const places = placesAlong(measured(values, isLog), axis, isLog)
  values.forEach((value, i) => expect(places[i]).toBeCloseTo(axis(value), 3))
})

test('dots that look alike share a style', () => {
  const mark = markOf('in', 0, 1, 'kind')
  const { styles, styleOf } = numberStyles([true, false, true, false], Number, (isFaint) => ({
    mark,
    isFaint
  }))
  expect([...styleOf]).toEqual([0, 1, 0, 1])
  expect(styles.map(({ isFaint }) => isFaint)).toEqual([true, false])
  expect(drawingOrder([...styles].reverse())).toEqual([1, 0])
})

test('a crowd is smaller and lighter, and what is selected stands out of it', () => {
  const plain = { mark: markOf('in', 0, 1, 'kind'), isFaint: false }
  expect([sizeAmong(26), opacityAmong(26, plain, false)]).toEqual([1, 0.8])
  expect(sizeAmong(20_000)).toBeLessThan(0.5)
  expect(opacityAmong(20_000, plain, false)).toBeLessThan(0.3)
  expect(opacityAmong(20_000, plain, true)).toBe(0.8)
  expect(opacityAmong(20_000, { ...plain, isFaint: true }, true)).toBeLessThan(0.1)
})
