import { expect, test } from 'vitest'
import { RunQueue } from '#engine/studies/runQueue'

const run = (role: string, name: string) => ({ role, name, fingerprint: `fp-${name}` })
const runs = [
  run('seed', 's'),
  run('branch', 'a'),
  run('branch', 'b'),
  run('branch', 'c'),
  run('sequential', 'q')
]
const names = (queue: RunQueue) =>
  queue
    .inOrder(runs)
    .map(({ name }) => name)
    .join('')

test('runs are moved within their role, and keep the place they were given', () => {
  const queue = new RunQueue()
  expect(names(queue)).toBe('sabcq')
  queue.move(runs, 'fp-c', 'fp-a')
  expect(names(queue)).toBe('scabq')
  queue.move(runs, 'fp-c', null)
  queue.move(runs, 'fp-b', 'fp-a')
  queue.move(runs, 'fp-b', 'fp-b')
  expect(names(queue)).toBe('sbacq')
  const code = (error: unknown) => (error as { code: string }).code
  const thrown = (work: () => void) => {
    try {
      work()
    } catch (error) {
      return code(error)
    }
  }
  expect(thrown(() => queue.move(runs, 'fp-q', 'fp-a'))).toBe('run/not-movable')
  expect(thrown(() => queue.move(runs, 'fp-a', 'nothing'))).toBe('run/unknown')
  expect(names(queue)).toBe('sbacq')
})

test('what is taken is the first open run in the order asked for', () => {
  const queue = new RunQueue()
  const branches = runs.slice(1, 4)
  queue.move(runs, 'fp-c', 'fp-a')
  queue.hold('fp-a')
  expect(queue.take(branches)?.name).toBe('c')
  expect(queue.take(branches)?.name).toBe('b')
  expect(queue.take(branches)).toBe(null)
  queue.release('fp-a')
  expect(queue.take(branches)?.name).toBe('a')
})

test('a run that trains is asked to stop when it is held, and can be taken when released', () => {
  const queue = new RunQueue()
  queue.take(runs)
  const signal = queue.signalOf('fp-s')
  expect([queue.isTraining('fp-s'), signal.aborted]).toEqual([true, false])
  queue.hold('fp-s')
  expect(signal.aborted).toBe(true)
  queue.end('fp-s', false)
  expect([queue.isTraining('fp-s'), queue.isHeld('fp-s'), queue.isOpen('fp-s')]).toEqual([
    false,
    true,
    false
  ])
  queue.release('fp-s')
  expect(queue.take(runs)?.name).toBe('s')
  expect(queue.signalOf('fp-s').aborted).toBe(false)
  queue.hold('fp-s')
  queue.end('fp-s', true)
  expect(queue.isHeld('fp-s')).toBe(false)
})

test('a failed run waits to be tried again, or for the next study', () => {
  const queue = new RunQueue()
  const [seed] = runs
  queue.take([seed!])
  queue.fail('fp-s')
  queue.end('fp-s', false)
  expect(queue.take([seed!])).toBe(null)
  queue.retry('fp-s')
  expect(queue.take([seed!])).toBe(seed)
  queue.fail('fp-s')
  queue.end('fp-s', false)
  queue.begin()
  expect(queue.isOpen('fp-s')).toBe(true)
})
