/** Who came of whom, as a graph to be drawn. */
import type { LineageGraph } from '#shared/modelInspection'
import type { LineageModel } from './lineage'

/** Every model and every ancestor that one of them names, once; edges from parents to children. */
export function lineageGraph(
  models: readonly Pick<LineageModel, 'name' | 'self' | 'ancestry'>[]
): LineageGraph {
  const nodes = new Map<string, LineageGraph['nodes'][number]>()
  const edges = new Map<string, LineageGraph['edges'][number]>()
  const connect = (from: string, to: string, made: LineageGraph['edges'][number]['made']) => {
    if (from !== to) edges.set(`${from}\n${to}`, { from, to, made })
  }
  for (const { name, self } of models) {
    const id = self?.id ?? `model:${name}`
    nodes.set(id, { id, name: self?.name ?? name, model: name })
  }
  for (const { name, self, ancestry } of models) {
    if (!ancestry) continue
    const id = self?.id ?? `model:${name}`
    const named = [...ancestry.parents, ...(ancestry.ancestor ? [ancestry.ancestor] : [])]
    for (const node of named) {
      if (!nodes.has(node.id)) nodes.set(node.id, { ...node, model: null })
    }
    for (const parent of ancestry.parents) {
      connect(parent.id, id, ancestry.made)
      const { ancestor } = ancestry
      if (ancestry.made === 'merged' && ancestor) connect(ancestor.id, parent.id, 'trained')
    }
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] }
}
