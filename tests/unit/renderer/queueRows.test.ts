import { expect, test } from 'vitest'
import type { QueuedRun } from '#shared/trainingView'
import type { Run } from '#shared/records'
import {
  asTold,
  moveTarget,
  queueRows,
  rowsInSight,
  stateOf
} from '../../../src/renderer/state/queueRows'
import { queuedRun } from './queuedRun'

const run = queuedRun
const failed = { state: 'failed' } as Run

test('a run is told by one word', () => {
  const head = { state: 'stopped' } as Run
  expect(stateOf(run('a'), false)).toBe('waiting')
  expect(stateOf(run('a'), true)).toBe('training')
  expect(stateOf(run('a', { isTraining: true, head: failed }), false)).toBe('training')
  expect(stateOf(run('a', { isTraining: true, isHeld: true }), false)).toBe('stopping')
  expect(stateOf(run('a', { isHeld: true, head: failed }), false)).toBe('held')
  expect(stateOf(run('a', { head: failed }), false)).toBe('failed')
  expect(stateOf(run('a', { head }), false)).toBe('stopped')
  expect(stateOf(run('a', { isDone: true, head }), false)).toBe('done')
})

test('groups stand above their runs, errors below theirs, each in its place', () => {
  const rows = queueRows([
    run('s', { role: 'seed', isDone: true }),
    run('a', { head: failed }),
    run('b')
  ])
  expect(rows.map(({ kind, top }) => [kind, top])).toEqual([
    ['group', 0],
    ['run', 30],
    ['group', 58],
    ['run', 88],
    ['error', 116],
    ['run', 162]
  ])
  expect(rows[2]).toMatchObject({ role: 'branch', done: 0, total: 2 })
})

test('of many rows only those in sight are drawn, and the room of the others is kept', () => {
  const rows = queueRows(Array.from({ length: 1000 }, (_, i) => run(`r${i}`)))
  const all = rows.at(-1)!.top + rows.at(-1)!.height
  for (const scrolled of [0, 5000, all - 400]) {
    const seen = rowsInSight(rows, scrolled, 400, 100)
    expect(seen.rows.length).toBeLessThan(30)
    const drawn = seen.rows.reduce((sum, row) => sum + row.height, 0)
    expect(seen.above + drawn + seen.below).toBe(all)
    expect(seen.above).toBeLessThanOrEqual(scrolled)
    expect(seen.above + drawn).toBeGreaterThanOrEqual(Math.min(all, scrolled + 400))
  }
  expect(rowsInSight(rows.slice(0, 50), 5000, 400).rows).toHaveLength(50)
})

test('a run is moved among those of its role that wait', () => {
  const runs = [
    run('s', { role: 'seed' }),
    run('done', { isDone: true }),
    run('busy', { isTraining: true }),
    run('a'),
    run('b'),
    run('c')
  ]
  const [a, b, c] = runs.slice(3) as [QueuedRun, QueuedRun, QueuedRun]
  expect(moveTarget(runs, a, -1)).toBe(undefined)
  expect(moveTarget(runs, a, 1)).toBe('c')
  expect(moveTarget(runs, b, 1)).toBe(null)
  expect(moveTarget(runs, c, 1)).toBe(undefined)
  expect(moveTarget(runs, c, -1)).toBe('b')
  expect(moveTarget(runs, runs[1]!, 1)).toBe(undefined)
})

test('a run that waits in a cluster is queued: as it tells itself, else as the queue was read', () => {
  const run = queuedRun('a', { isTraining: true, isQueued: true })
  expect(stateOf(run, false)).toBe('queued')
  expect(stateOf({ ...run, isHeld: true }, false)).toBe('stopping')
  expect(stateOf(asTold(run, { active: { a: true }, queued: {} }), true)).toBe('training')
  const idle = queuedRun('a')
  expect(asTold(idle, { active: {}, queued: {} })).toBe(idle)
  expect(stateOf(asTold(idle, { active: { a: true }, queued: { a: true } }), true)).toBe('queued')
})
