/** Where the models of a lineage graph are drawn: what came first is on the left. Pure. */
import { mean } from 'd3-array'
import { scalePoint } from 'd3-scale'
import { linkHorizontal } from 'd3-shape'
import { csvTable } from '#shared/csvText'
import type { LineageGraph } from '#shared/modelInspection'

export const NODE = { width: 176, height: 24 }
const GAP = { across: 64, down: 34 }

export interface PlacedNode {
  id: string
  name: string
  /** Name of the inspected model; null for one that is only spoken of. */
  model: string | null
  layer: number
  /** Its left end and its middle. */
  x: number
  y: number
}

export interface LineageLayout {
  nodes: PlacedNode[]
  edges: { id: string; path: string; made: LineageGraph['edges'][number]['made'] }[]
  width: number
  height: number
}

/**
 * Lays a graph out in layers.
 *
 * A model stands one layer behind the last of its parents, and within its layer near the middle of
 * them, so that few edges cross.
 */
export function lineageLayout(graph: LineageGraph): LineageLayout {
  const layers = layersOf(graph)
  const columns: string[][] = []
  for (const { id } of graph.nodes) (columns[layers.get(id)!] ??= []).push(id)
  const most = Math.max(1, ...columns.map((column) => column.length))
  const height = most * GAP.down
  const places = new Map<string, { x: number; y: number }>()
  for (const [layer, column] of columns.entries()) {
    const ordered = byParents(column, graph, places)
    // A column that is shorter than the longest stands in its middle.
    const room = (height - ordered.length * GAP.down) / 2
    const y = scalePoint(ordered, [room + GAP.down / 2, height - room - GAP.down / 2])
    for (const id of ordered) places.set(id, { x: layer * (NODE.width + GAP.across), y: y(id)! })
  }
  const link = linkHorizontal<unknown, [number, number]>()
  return {
    nodes: graph.nodes.map((node) => ({
      ...node,
      name: shownName(node),
      layer: layers.get(node.id)!,
      ...places.get(node.id)!
    })),
    edges: graph.edges.map(({ from, to, made }) => {
      const [a, b] = [places.get(from)!, places.get(to)!]
      const path = link({ source: [a.x + NODE.width, a.y], target: [b.x, b.y] }) ?? ''
      return { id: `${from} ${to}`, path, made }
    }),
    width: Math.max(1, columns.length) * (NODE.width + GAP.across) - GAP.across,
    height
  }
}

/** What was looked into has the name that it is listed by. */
export function shownName({ name, model }: LineageGraph['nodes'][number]): string {
  return model ?? name
}

/** The longest way from a model without parents. A graph that runs in a circle is cut where it closes. */
function layersOf({ nodes, edges }: LineageGraph): Map<string, number> {
  const parents = new Map<string, string[]>()
  for (const { from, to } of edges) parents.set(to, [...(parents.get(to) ?? []), from])
  const layers = new Map<string, number>()
  const layerOf = (id: string, above: ReadonlySet<string>): number => {
    const known = layers.get(id)
    if (known !== undefined) return known
    const own = (parents.get(id) ?? []).filter((parent) => !above.has(parent) && parent !== id)
    const within = new Set([...above, id])
    const layer = Math.max(-1, ...own.map((parent) => layerOf(parent, within))) + 1
    layers.set(id, layer)
    return layer
  }
  for (const { id } of nodes) layerOf(id, new Set())
  // A circle that is cut leaves no hole: layers are counted anew from those there are.
  const used = [...new Set(layers.values())].sort((a, b) => a - b)
  return new Map([...layers].map(([id, layer]) => [id, used.indexOf(layer)]))
}

function byParents(
  column: readonly string[],
  { edges }: LineageGraph,
  places: ReadonlyMap<string, { y: number }>
): string[] {
  const middle = new Map(
    column.map((id) => [
      id,
      mean(edges.filter(({ to }) => to === id).flatMap(({ from }) => places.get(from)?.y ?? [])) ??
        Infinity
    ])
  )
  // Equal ones stay in the order of the graph: sorting is stable.
  return [...column].sort((a, b) => compare(middle.get(a)!, middle.get(b)!))
}

const compare = (a: number, b: number) => (a === b ? 0 : a < b ? -1 : 1)

export function lineageCsv({ nodes, edges }: LineageGraph): string {
  const names = new Map(nodes.map((node) => [node.id, shownName(node)]))
  return csvTable(
    ['from', 'from_id', 'to', 'to_id', 'made'],
    edges.map(({ from, to, made }) => [names.get(from)!, from, names.get(to)!, to, made])
  )
}
