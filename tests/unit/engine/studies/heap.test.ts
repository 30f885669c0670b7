import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Heap } from '#engine/studies/heap'

test('what is taken comes in order, whatever was there and whatever is added meanwhile', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.array(fc.option(fc.integer())), (first, later) => {
      const heap = new Heap<number>((a, b) => a < b, first)
      const sorted = [...first]
      for (const value of later) {
        if (value === null) {
          sorted.sort((a, b) => a - b)
          expect(heap.take()).toBe(sorted.shift())
        } else {
          heap.add(value)
          sorted.push(value)
        }
        expect(heap.size).toBe(sorted.length)
      }
      const rest = Array.from(sorted, () => heap.take())
      expect(rest).toEqual(sorted.sort((a, b) => a - b))
      expect(heap.take()).toBe(undefined)
    })
  )
})
