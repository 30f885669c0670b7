import { expect, test } from 'vitest'
import type { ClusterElement, ClusterNode } from '#shared/clusterView'
import { nodeMemoryWords, resourceWords } from '#shared/nodeWords'
import {
  elementsCsv,
  failedRuns,
  listedNodes,
  nodesCsv,
  shownElements,
  stateCounts,
  whatWords
} from '../../../src/renderer/state/clusterTable'
import { placedCsv, placedRows } from '../../../src/renderer/state/placedRows'

function element(change: Partial<ClusterElement>): ClusterElement {
  return {
    id: 'assay-000000000000.0',
    submission: 'assay-000000000000',
    index: 0,
    study: 'small',
    kind: 'train',
    labels: ['law#1'],
    runs: ['a'],
    job: '7_0',
    state: 'waiting',
    queueWords: 'PENDING (Priority)',
    node: null,
    since: '2026-01-01T00:00:00.000Z',
    share: null,
    log: null,
    ...change
  }
}

const node = (change: Partial<ClusterNode>): ClusterNode => ({
  name: 'lab1',
  partition: 'main',
  isDefaultPartition: true,
  state: 'mixed',
  cpus: { allocated: 1, idle: 3, total: 4 },
  memoryMegabytes: 2000,
  gres: 'gpu:2',
  reason: null,
  use: null,
  ...change
})

const use = {
  memoryAllocatedMegabytes: 512,
  memoryFreeMegabytes: 1024,
  gresUsed: 'gpu:1(IDX:0)'
}

test('elements are found by state and words, and sorted with the unknown last', () => {
  const all = [
    element({ id: 'x.0', job: '7_2', node: 'lab2', state: 'running', share: 0.5 }),
    element({ id: 'x.1', job: '7_10', labels: ['code#1'] }),
    element({ id: 'x.2', job: null, kind: 'measure', labels: ['code+law', 'all'], state: 'failed' })
  ]
  const ids = (asked: Partial<Parameters<typeof shownElements>[1]>) =>
    shownElements(all, { state: '', words: '', order: null, ...asked }).map(({ id }) => id)
  expect(ids({})).toEqual(['x.0', 'x.1', 'x.2'])
  expect(ids({ state: 'running' })).toEqual(['x.0'])
  expect(ids({ words: 'CODE' })).toEqual(['x.1', 'x.2'])
  expect(ids({ words: 'lab2 7_2' })).toEqual(['x.0'])
  expect(ids({ order: { column: 'job', isUp: true } })).toEqual(['x.0', 'x.1', 'x.2'])
  expect(ids({ order: { column: 'job', isUp: false } })).toEqual(['x.1', 'x.0', 'x.2'])
  expect(all.map(whatWords)).toEqual(['train law#1', 'train code#1', 'measure code+law and 1 more'])
  expect(stateCounts(all)).toEqual([
    ['waiting', 1],
    ['running', 1],
    ['failed', 1]
  ])
})

test('what failed is tried again once, and not where it was already', () => {
  const failed = (run: string, change: Partial<ClusterElement> = {}) =>
    element({ id: `x.${run}`, runs: [run], state: 'failed', ...change })
  const all = [
    failed('a'),
    failed('a', { state: 'cancelled' }),
    failed('b'),
    failed('b', { state: 'waiting' }),
    failed('c', { study: 'another' }),
    failed('d', { kind: 'measure' }),
    failed('e', { state: 'interrupted' })
  ]
  expect(failedRuns(all, 'small')).toEqual(['a'])
})

test('a node of several partitions is listed once', () => {
  const [only, ...others] = listedNodes([
    node({}),
    node({ partition: 'spare', isDefaultPartition: false })
  ])
  expect(others).toEqual([])
  expect(only).toMatchObject({ name: 'lab1', partitions: ['main', 'spare'] })
})

test('of a node it is said what Slurm gave away, what was measured, and which GPUs jobs have', () => {
  const words = (gres: string | null, gresUsed: string | null) =>
    resourceWords({ gres, use: { ...use, gresUsed } })
  expect(words('gpu:2', 'gpu:1(IDX:0)')).toBe('gpu: 1 of 2 in use (0)')
  expect(words('gpu:2', 'gpu:0')).toBe('gpu: 0 of 2 in use')
  expect(
    words('gpu:tesla:2(S:0),gpu:a100:4(S:0-1)', 'gpu:a100:3(IDX:0,2-3),gpu:tesla:0(IDX:N/A)')
  ).toBe('gpu:tesla: 0 of 2 in use; gpu:a100: 3 of 4 in use (0, 2-3)')
  expect(words('gpu:2,license:4', 'gpu:2')).toBe('gpu: 2 of 2 in use; license: 4')
  expect([words('gpu:2', null), words(null, null), words('craynetwork', 'gpu:1')]).toEqual([
    'gpu:2',
    '–',
    'craynetwork'
  ])
  expect(nodeMemoryWords(node({ use }))).toBe('537 MB of 2.10 GB allocated, 1.07 GB measured free')
  expect(nodeMemoryWords(node({ use: { ...use, memoryAllocatedMegabytes: null } }))).toBe(
    '2.10 GB, 1.07 GB measured free'
  )
  expect(nodeMemoryWords(node({ memoryMegabytes: null }))).toBe('–')
})

test('tables are copied with full precision, and hold no formula', () => {
  const csv = elementsCsv([element({ share: 1 / 3, labels: ['=1+1', 'b'] })])
  expect(csv.split('\r\n')[1]).toBe(
    `assay-000000000000.0,small,train,'=1+1; b,7_0,waiting,PENDING (Priority),,2026-01-01T00:00:00.000Z,${1 / 3},`
  )
  expect(nodesCsv(listedNodes([node({ reason: 'dusting, "again"' })])).split('\r\n')[1]).toBe(
    'lab1,main,mixed,1,3,4,2000,gpu:2,"dusting, ""again""",,,'
  )
  expect(nodesCsv(listedNodes([node({ use })])).split('\r\n')[1]).toBe(
    'lab1,main,mixed,1,3,4,2000,gpu:2,,512,1024,gpu:1(IDX:0)'
  )
})

test('devices near and nodes far stand in one table, each with where it is', () => {
  const device = {
    index: 0,
    name: 'pretended 0',
    isPretended: true,
    load: 0.25,
    usedBytes: 1e9,
    totalBytes: 4e9,
    temperature: null,
    runs: ['law#1'],
    setAside: null
  }
  const machine = {
    cpu: { load: 0.5, threads: 4, threadsUsed: 2 },
    memory: { usedBytes: 1e9, totalBytes: 4e9 }
  }
  const cluster = {
    study: 'small',
    host: 'login',
    elements: [element({ state: 'running', node: 'lab1' })],
    nodes: [node({ use }), node({ name: 'lab2', state: 'drained', reason: 'dusting' })],
    unreachable: null,
    unreachableSince: null,
    askedAt: '2026-01-01T00:00:00.000Z',
    pollSeconds: 30
  }
  const rows = placedRows([device], machine, cluster)
  expect(rows.map(({ name, where, load, state }) => [name, where, load, state])).toEqual([
    ['pretended 0', "the engine's machine", 0.25, 'law#1'],
    ['lab1 (4 CPUs, gpu: 1 of 2 in use (0))', 'cluster at login, main', 0.25, 'mixed: train law#1'],
    ['lab2 (4 CPUs, gpu:2)', 'cluster at login, main', 0.25, 'drained: dusting']
  ])
  expect(placedRows([], machine, null)).toMatchObject([{ name: 'processor (2 of 4 threads)' }])
  expect(placedCsv(rows).split('\r\n')).toHaveLength(5)
})
