import { expect, test } from 'vitest'
import { namedWantOfMemory } from '#engine/workers/memoryError'
import { WorkbenchError } from '#shared/errors'

// The first as TensorFlow 2.9 says it on an NVIDIA card, the others as the C++ library and V8 do.
test.each([
  [
    'OOM when allocating tensor with shape[8,512,32000] and type float on /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc\nHint: If you want to see',
    'device'
  ],
  ['std::bad_alloc', 'machine'],
  ['Array buffer allocation failed', 'machine']
])('want of memory has a name of its own, and a place: %s', (message, of) => {
  const named = namedWantOfMemory(new Error(message)) as WorkbenchError
  expect(named.code).toBe('backend/out-of-memory')
  expect(named.details).toEqual({ of })
  expect(named.message).not.toContain('\n')
})

test('all else stays what it is', () => {
  const other = new Error('Expected 3 axes')
  expect(namedWantOfMemory(other)).toBe(other)
  const known = new WorkbenchError('storage/corrupt', 'std::bad_alloc stands in a file')
  expect(namedWantOfMemory(known)).toBe(known)
})
