/** What of each node jobs have been given, and what it says of its own memory. */
import type { ClusterNode, NodeUse } from '#shared/clusterView'
import { callClient } from './clients'
import type { SubmitHost } from './clients'
import { fieldOf } from './fields'
import { readNodes } from './queue'

/** Nodes of all partitions, each with what is in use of it where the cluster says so. */
export async function readNodesInUse(host: SubmitHost): Promise<ClusterNode[]> {
  const [nodes, use] = await Promise.all([readNodes(host), readNodeUse(host)])
  return nodes.map((node) => ({ ...node, use: use.get(node.name) ?? null }))
}

/** By node; empty where the cluster does not answer: nodes are known without it. */
async function readNodeUse(host: SubmitHost): Promise<Map<string, NodeUse>> {
  const { status, stdout } = await callClient(host, 'scontrol', ['-d', '-o', 'show', 'node'])
  return new Map(status === 0 ? stdout.split('\n').flatMap(parsedNodeUse) : [])
}

/**
 * A line of `scontrol -d -o show node`. `AllocMem` is 0 of a busy node too where the cluster shares out
 * processors only; then `AllocTRES` has no `mem`.
 *
 * @returns nothing of a line that is none
 * @see https://slurm.schedmd.com/scontrol.html
 */
export function parsedNodeUse(line: string): [name: string, NodeUse][] {
  const name = fieldOf(line, 'NodeName')
  if (name === undefined) return []
  const given = fieldOf(line, 'AllocTRES') ?? ''
  const sharesMemory = given === '' || /(^|,)mem=/.test(given)
  const used = fieldOf(line, 'GresUsed') ?? ''
  return [
    [
      name,
      {
        memoryAllocatedMegabytes: sharesMemory ? megabytes(fieldOf(line, 'AllocMem')) : null,
        memoryFreeMegabytes: megabytes(fieldOf(line, 'FreeMem')),
        gresUsed: ['', 'N/A', '(null)'].includes(used) ? null : used
      }
    ]
  ]
}

/** Slurm's megabytes; null for `N/A`, as of a node that is away. */
function megabytes(text: string | undefined): number | null {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null
}
