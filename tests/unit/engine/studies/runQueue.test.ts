import fc from 'fast-check'
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

/** One list for each run taken: what is open is the queue's to know. */
const take = (queue: RunQueue, list: typeof runs) => queue.waiting(list).take()

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

test('runs stand as the list that they are taken from has them, and a list by its own', () => {
  const queue = new RunQueue()
  queue.waiting([runs[3]!, runs[1]!])
  // Done already, or of another list, they keep their place.
  expect(names(queue)).toBe('scbaq')
  queue.waiting([runs[2]!])
  expect(names(queue)).toBe('scbaq')
  queue.move(runs, 'fp-a', 'fp-b')
  expect(names(queue)).toBe('scabq')
})

test('what is taken is the first open run in the order asked for', () => {
  const queue = new RunQueue()
  const branches = runs.slice(1, 4)
  queue.move(runs, 'fp-c', 'fp-a')
  queue.hold('fp-a')
  expect(take(queue, branches)?.name).toBe('c')
  expect(take(queue, branches)?.name).toBe('b')
  expect(take(queue, branches)).toBe(null)
  queue.release('fp-a')
  expect(take(queue, branches)?.name).toBe('a')
})

test('a run that trains is asked to stop when it is held, and can be taken when released', () => {
  const queue = new RunQueue()
  take(queue, runs)
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
  expect(take(queue, runs)?.name).toBe('s')
  expect(queue.signalOf('fp-s').aborted).toBe(false)
  queue.hold('fp-s')
  queue.end('fp-s', true)
  expect(queue.isHeld('fp-s')).toBe(false)
})

test('a failed run waits to be tried again, or for the next study', () => {
  const queue = new RunQueue()
  const [seed] = runs
  take(queue, [seed!])
  queue.fail('fp-s')
  queue.end('fp-s', false)
  expect(take(queue, [seed!])).toBe(null)
  queue.retry('fp-s')
  expect(take(queue, [seed!])).toBe(seed)
  queue.fail('fp-s')
  queue.end('fp-s', false)
  queue.begin()
  expect(queue.isOpen('fp-s')).toBe(true)
})

test('a list that is kept takes what a look at all of them would, whatever is asked meanwhile', () => {
  const ask = fc.record({
    what: fc.constantFrom(
      'take',
      'end',
      'done',
      'fail',
      'hold',
      'release',
      'retry',
      'move',
      'begin'
    ),
    run: fc.nat(7),
    before: fc.nat(7)
  })
  fc.assert(
    fc.property(fc.array(ask, { maxLength: 80 }), (asked) => {
      const list = Array.from({ length: 8 }, (_, i) => run('branch', String(i)))
      const [queue, other] = [new RunQueue(), new RunQueue()]
      const waiting = queue.waiting(list)
      const missing = new Set(list)
      const both = (change: (one: RunQueue) => void) => [queue, other].forEach(change)
      for (const { what, run: at, before } of asked) {
        const one = list[at]!
        const { fingerprint } = one
        if (what === 'take') {
          // Every list is looked at as a whole.
          const whole = other.waiting([...missing]).take()
          expect(waiting.take()).toBe(whole)
        } else if (what === 'move') both((each) => each.move(list, fingerprint, `fp-${before}`))
        else if (what === 'begin') both((each) => each.begin())
        else if (what === 'fail' || what === 'end' || what === 'done') {
          if (!queue.isTraining(fingerprint)) continue
          if (what === 'fail') both((each) => each.fail(fingerprint))
          both((each) => each.end(fingerprint, what === 'done'))
          if (what !== 'done') continue
          waiting.drop(one)
          missing.delete(one)
        } else both((each) => each[what](fingerprint))
      }
    })
  )
})

test('a hundred thousand runs are taken one by one', () => {
  const list = Array.from({ length: 100_000 }, (_, i) => run('branch', String(i)))
  const queue = new RunQueue()
  const waiting = queue.waiting(list)
  const taken = list.map(() => {
    const one = waiting.take()!
    queue.end(one.fingerprint, true)
    waiting.drop(one)
    return one.name
  })
  expect(taken).toEqual(list.map(({ name }) => name))
  expect(waiting.take()).toBe(null)
})
