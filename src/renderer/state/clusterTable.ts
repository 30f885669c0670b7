/** Elements and nodes of a cluster as tables show them: filtered, sorted, as CSV. Pure. */
import type { ClusterElement, ClusterNode, ElementState } from '#shared/clusterView'
import { csvTable } from '#shared/csvText'
import { inOrder } from './rowOrder'
import type { RowOrder } from './rowOrder'

export const STATE_WORDS: Readonly<Record<ElementState, string>> = {
  waiting: 'waits in the queue',
  running: 'runs',
  stuck: 'held in the queue',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
  interrupted: 'interrupted',
  gone: 'left the queue',
  unknown: 'not known'
}

export const ELEMENT_COLUMNS = ['what', 'state', 'job', 'node', 'since', 'share'] as const
export type ElementColumn = (typeof ELEMENT_COLUMNS)[number]
export type ElementOrder = RowOrder<ElementColumn>

/** What an element does: its one run, or how many models it measures. */
export function whatWords({ kind, labels }: Pick<ClusterElement, 'kind' | 'labels'>): string {
  const [first = 'nothing'] = labels
  return labels.length > 1 ? `${kind} ${first} and ${labels.length - 1} more` : `${kind} ${first}`
}

function valueOf(element: ClusterElement, column: ElementColumn): string | number | null {
  if (column === 'what') return whatWords(element)
  return column === 'state' ? STATE_WORDS[element.state] : element[column]
}

/**
 * Those of a state, with all words somewhere in them, in the order of a column.
 *
 * @param state empty: of any
 */
export function shownElements(
  elements: readonly ClusterElement[],
  asked: { state: ElementState | ''; words: string; order: ElementOrder | null }
): ClusterElement[] {
  const wanted = asked.words.toLowerCase().split(/\s+/).filter(Boolean)
  const found = elements.filter((one) => {
    if (asked.state !== '' && one.state !== asked.state) return false
    const own = [one.id, one.job, one.node, one.study, one.queueWords, ...one.labels]
    const text = own.join(' ').toLowerCase()
    return wanted.every((word) => text.includes(word))
  })
  return inOrder(found, asked.order, valueOf)
}

/** How many there are of each state, in the order in which they are listed above. */
export function stateCounts(elements: readonly ClusterElement[]): [ElementState, number][] {
  return (Object.keys(STATE_WORDS) as ElementState[]).flatMap((state) => {
    const count = elements.filter((one) => one.state === state).length
    return count > 0 ? [[state, count] as [ElementState, number]] : []
  })
}

/** True while something still comes of it: it can be cancelled. */
export function isLive({ state }: Pick<ClusterElement, 'state'>): boolean {
  return state === 'waiting' || state === 'running' || state === 'stuck'
}

/** Runs of one study whose elements failed and were not tried again; models are measured by running it. */
export function failedRuns(elements: readonly ClusterElement[], study: string): string[] {
  const own = elements.filter((one) => one.study === study && one.kind === 'train')
  const taken = new Set(own.filter((one) => isLive(one) || one.state === 'done').flatMap(runsOf))
  const failed = own.filter(({ state }) => state === 'failed' || state === 'cancelled')
  return [...new Set(failed.flatMap(runsOf))].filter((run) => !taken.has(run))
}

const runsOf = ({ runs }: ClusterElement): string[] => runs

export function elementsCsv(elements: readonly ClusterElement[]): string {
  return csvTable(
    [
      'element',
      'study',
      'kind',
      'labels',
      'job',
      'state',
      'queue',
      'node',
      'since',
      'share',
      'log'
    ],
    elements.map((one) => [
      one.id,
      one.study,
      one.kind,
      one.labels.join('; '),
      one.job,
      one.state,
      one.queueWords,
      one.node,
      one.since,
      one.share,
      one.log
    ])
  )
}

/** A node once, with all partitions that it is in. */
export interface ListedNode extends Omit<ClusterNode, 'partition' | 'isDefaultPartition'> {
  partitions: string[]
}

/** `sinfo` lists a node once for each of its partitions. */
export function listedNodes(nodes: readonly ClusterNode[]): ListedNode[] {
  const byName = new Map<string, ListedNode>()
  for (const { partition, isDefaultPartition: _, ...node } of nodes) {
    const before = byName.get(node.name)
    if (before) before.partitions.push(partition)
    else byName.set(node.name, { ...node, partitions: [partition] })
  }
  return [...byName.values()]
}

/** Share of a node's processors that jobs have, anybody's; null where it has none. */
export function nodeLoad({ cpus }: Pick<ClusterNode, 'cpus'>): number | null {
  return cpus.total > 0 ? cpus.allocated / cpus.total : null
}

export function nodesCsv(nodes: readonly ListedNode[]): string {
  return csvTable(
    [
      'node',
      'partitions',
      'state',
      'cpus_allocated',
      'cpus_idle',
      'cpus_total',
      'memory_megabytes',
      'gres',
      'reason',
      'memory_allocated_megabytes',
      'memory_free_megabytes',
      'gres_used'
    ],
    nodes.map(({ name, partitions, state, cpus, memoryMegabytes, gres, reason, use }) => [
      name,
      partitions.join('; '),
      state,
      cpus.allocated,
      cpus.idle,
      cpus.total,
      memoryMegabytes,
      gres,
      reason,
      use?.memoryAllocatedMegabytes ?? null,
      use?.memoryFreeMegabytes ?? null,
      use?.gresUsed ?? null
    ])
  )
}
