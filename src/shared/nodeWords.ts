/** What is in use of a cluster's node, in words. Pure. */
import type { ClusterNode } from './clusterView'
import { inBytes } from './numberWords'

/** Slurm's megabyte. */
const MEGABYTE = 2 ** 20

/** `gpu:a100:4(S:0-1)`, `gpu:2(IDX:0,2)`: what it is called, how many, and which. */
function resourcesIn(text: string | null): { name: string; count: string; which: string | null }[] {
  // Commas stand between resources, and within the brackets of one.
  const each = (text ?? '').match(/[^,(]+(\([^)]*\))?/g) ?? []
  return each.flatMap((one) => {
    const found = /^(.+):(\d+)(?:\((?:IDX:([\d,-]+)|[^)]*)\))?$/.exec(one)
    return found ? [{ name: found[1]!, count: found[2]!, which: found[3] ?? null }] : []
  })
}

/** Generic resources of a node with how many of each jobs have: `gpu: 1 of 2 in use (0)`. */
export function resourceWords({ gres, use }: Pick<ClusterNode, 'gres' | 'use'>): string {
  const all = resourcesIn(gres)
  if (gres === null || all.length === 0 || (use?.gresUsed ?? null) === null) return gres ?? '–'
  const used = resourcesIn(use!.gresUsed)
  const words = all.map(({ name, count }) => {
    const one = used.find((other) => other.name === name)
    if (!one) return `${name}: ${count}`
    const which = one.which === null ? '' : ` (${one.which.replaceAll(',', ', ')})`
    return `${name}: ${one.count} of ${count} in use${which}`
  })
  return words.join('; ')
}

/** Memory of a node: what Slurm gave away of it, and what nothing uses, each named as what it is. */
export function nodeMemoryWords({
  memoryMegabytes,
  use
}: Pick<ClusterNode, 'memoryMegabytes' | 'use'>): string {
  const all = memoryMegabytes === null ? null : inBytes(memoryMegabytes * MEGABYTE)
  const given = use?.memoryAllocatedMegabytes ?? null
  const free = use?.memoryFreeMegabytes ?? null
  const words =
    given === null ? (all ?? '–') : `${inBytes(given * MEGABYTE)} of ${all ?? '–'} allocated`
  return free === null ? words : `${words}, ${inBytes(free * MEGABYTE)} measured free`
}
