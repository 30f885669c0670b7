import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LineageGraph } from '#shared/modelInspection'
import { NODE, lineageCsv, lineageLayout } from '../../../src/renderer/state/lineageLayout'

function graph(edges: [from: string, to: string][], alone: string[] = []): LineageGraph {
  const ids = [...new Set([...alone, ...edges.flat()])]
  return {
    nodes: ids.map((id) => ({ id, name: `model ${id}`, model: id === 'seed' ? null : id })),
    edges: edges.map(([from, to]) => ({ from, to, made: 'trained' as const }))
  }
}

const FAMILY = graph([
  ['seed', 'law'],
  ['seed', 'code'],
  ['law', 'both'],
  ['code', 'both']
])

test('a merge stands behind its branches, these behind their seed, siblings in one column', () => {
  const { nodes, width, height } = lineageLayout(FAMILY)
  const of = (id: string) => nodes.find((node) => node.id === id)!
  expect(['seed', 'law', 'code', 'both'].map((id) => of(id).layer)).toEqual([0, 1, 1, 2])
  expect(of('law').x).toBe(of('code').x)
  expect(of('law').y).toBeLessThan(of('code').y)
  // One alone in its column stands in the middle.
  expect(of('seed').y).toBe(height / 2)
  expect(of('both').x + NODE.width).toBe(width)
})

test('an edge goes from the end of one model to the beginning of the next', () => {
  const { nodes, edges } = lineageLayout(FAMILY)
  const of = (id: string) => nodes.find((node) => node.id === id)!
  const [, from, to] = /^M([\d.,]+)C.*?([\d.]+,[\d.]+)$/.exec(edges[0]!.path)!
  expect(from).toBe(`${of('seed').x + NODE.width},${of('seed').y}`)
  expect(to).toBe(`${of('law').x},${of('law').y}`)
})

test('models in a circle are drawn all the same', () => {
  const { nodes } = lineageLayout(
    graph([
      ['a', 'b'],
      ['b', 'a'],
      ['a', 'a']
    ])
  )
  expect(nodes.map(({ x, y }) => [x, y].every(Number.isFinite))).toEqual([true, true])
})

test('no two models lie on one another, and none comes before its parents', () => {
  const edges = fc.array(fc.tuple(fc.nat(12), fc.nat(12)), { maxLength: 30 })
  fc.assert(
    fc.property(edges, (given) => {
      const upwards = given.filter(([from, to]) => from < to)
      const some = graph(
        upwards.map(([from, to]) => [`${from}`, `${to}`]),
        ['0', '12']
      )
      const { nodes, width, height } = lineageLayout(some)
      const places = nodes.map(({ x, y }) => `${x} ${y}`)
      expect(new Set(places).size).toBe(nodes.length)
      const of = (id: string) => nodes.find((node) => node.id === id)!
      for (const { from, to } of some.edges) expect(of(from).layer).toBeLessThan(of(to).layer)
      for (const { x, y } of nodes) {
        expect(x + NODE.width).toBeLessThanOrEqual(width)
        expect(y + NODE.height / 2).toBeLessThanOrEqual(height)
        expect(y - NODE.height / 2).toBeGreaterThanOrEqual(0)
      }
    })
  )
})

test('edges are copied with names and ids', () => {
  expect(lineageCsv(FAMILY).split('\r\n').slice(0, 2)).toEqual([
    'from,from_id,to,to_id,made',
    'model seed,seed,law,law,trained'
  ])
})
