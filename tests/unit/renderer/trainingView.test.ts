import { expect, test } from 'vitest'
import type { QueuedRun } from '#shared/trainingView'
import type { Run } from '#shared/records'
import { curveGroups, picturedRuns } from '../../../src/renderer/state/trainingView'
import { queuedRun } from './queuedRun'

const run = (name: string, change: Partial<QueuedRun> = {}) =>
  queuedRun(name, { partitions: [name.split('#')[0]!], ...change })
const seed = run('seed', { role: 'seed', partitions: [] })
const both = run('law+mail', { role: 'sequential', partitions: ['law', 'mail'] })
const names = (runs: readonly QueuedRun[]) => runs.map(({ name }) => name)

test('branches stand together by partition, in the order of the catalogue', () => {
  const runs = [seed, run('mail#1'), run('law#2'), run('law#1'), both]
  const groups = curveGroups(runs, ['law', 'code', 'mail'])
  expect(groups.map(({ title, runs }) => [title, ...names(runs)])).toEqual([
    ['seed', 'seed'],
    ['law', 'law#2', 'law#1'],
    ['mail', 'mail#1'],
    ['sequential', 'law+mail']
  ])
})

test('what is picked is drawn; else what trains; else branches; else the seed', () => {
  const head = {} as Run
  const begun = run('law#1', { head })
  const busy = run('mail#1', { isTraining: true, head })
  expect(names(picturedRuns([seed, begun, busy], ['seed', 'gone']))).toEqual(['seed'])
  expect(names(picturedRuns([seed, begun, busy], []))).toEqual(['mail#1'])
  expect(names(picturedRuns([seed, begun, run('code#1')], []))).toEqual(['law#1'])
  expect(names(picturedRuns([seed, run('code#1')], []))).toEqual(['seed'])
})
