import { expect, test } from 'vitest'
import { nextOrder } from '../../../src/renderer/state/rowOrder'

test('a press on a head goes up, down, and back to how they come', () => {
  const up = nextOrder(null, 'name')
  expect([up, nextOrder(up, 'name'), nextOrder({ column: 'name', isUp: false }, 'name')]).toEqual([
    { column: 'name', isUp: true },
    { column: 'name', isUp: false },
    null
  ])
  expect(nextOrder(up, 'bytes')).toEqual({ column: 'bytes', isUp: true })
})
