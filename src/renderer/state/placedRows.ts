/** What runs may be placed on, near and far: devices of the engine's machine, nodes of its cluster. Pure. */
import type { ClusterReading } from '#shared/clusterView'
import { csvTable } from '#shared/csvText'
import type { Machine, MachineDevice } from '#shared/machine'
import { nodeMemoryWords, resourceWords } from '#shared/nodeWords'
import { deviceName, memoryOf } from '../deviceWords'
import { inBytes } from '../format'
import { listedNodes, nodeLoad, whatWords } from './clusterTable'
import type { ListedNode } from './clusterTable'

export interface PlacedRow {
  key: string
  name: string
  /** Of this machine, or of a cluster and in which partitions. */
  where: string
  /** In words; a node's is what Slurm gave to jobs of it, and what the node measured as free. */
  memory: string
  /** Share that is busy, 0 to 1. */
  load: number | null
  /** Degrees Celsius. */
  temperature: number | null
  state: string
  isWrong: boolean
  isFree: boolean
}

const HERE = "the engine's machine"

function deviceRow(device: MachineDevice, all: readonly MachineDevice[]): PlacedRow {
  const { index, load, temperature, setAside, runs } = device
  return {
    key: `device ${index}`,
    name: deviceName(device, all),
    where: HERE,
    memory: memoryOf(device),
    load,
    temperature,
    state: setAside === null ? runs.join(', ') || 'free' : `set aside: ${setAside}`,
    isWrong: setAside !== null,
    isFree: setAside === null && runs.length === 0
  }
}

/** Where no device is, runs are trained on the processor. */
function processorRow({ cpu, memory }: Pick<Machine, 'cpu' | 'memory'>): PlacedRow {
  return {
    key: 'processor',
    name: `processor (${cpu.threadsUsed} of ${cpu.threads} threads)`,
    where: HERE,
    memory: `${inBytes(memory.usedBytes)} of ${inBytes(memory.totalBytes)}`,
    load: cpu.load,
    temperature: null,
    state: '–',
    isWrong: false,
    isFree: true
  }
}

function nodeRow(node: ListedNode, { host, elements }: ClusterReading): PlacedRow {
  const { name, partitions, cpus, gres, state, reason } = node
  const ours = elements.filter((one) => one.node === name && one.state === 'running')
  const own = ours.map((one) => whatWords(one)).join(', ')
  const has = [`${cpus.total} CPUs`, ...(gres === null ? [] : [resourceWords(node)])].join(', ')
  return {
    key: `node ${name}`,
    name: `${name} (${has})`,
    where: `cluster${host === null ? '' : ` at ${host}`}, ${partitions.join(', ')}`,
    memory: nodeMemoryWords(node),
    load: nodeLoad(node),
    temperature: null,
    state: [state, ...(reason === null ? [] : [reason]), ...(own === '' ? [] : [own])].join(': '),
    isWrong: reason !== null,
    isFree: own === '' && reason === null && state === 'idle'
  }
}

/**
 * @param machine null before it is read
 * @param cluster null where the study that is looked at runs on none, and before it is read
 */
export function placedRows(
  devices: readonly MachineDevice[],
  machine: Pick<Machine, 'cpu' | 'memory'> | null,
  cluster: ClusterReading | null
): PlacedRow[] {
  const nodes = cluster === null ? [] : listedNodes(cluster.nodes)
  return [
    ...(devices.length === 0 && machine !== null ? [processorRow(machine)] : []),
    ...devices.map((device) => deviceRow(device, devices)),
    ...nodes.map((node) => nodeRow(node, cluster!))
  ]
}

export function placedCsv(rows: readonly PlacedRow[]): string {
  return csvTable(
    ['name', 'where', 'memory', 'load', 'temperature', 'state'],
    rows.map((row) => [row.name, row.where, row.memory, row.load, row.temperature, row.state])
  )
}
