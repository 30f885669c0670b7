/** How much memory of each GPU is free, and who has the rest. */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { formatBytes } from '#shared/byteSize'
import { pretendedDevices } from './devices'
import { readGpuProcesses, readGpus } from './nvidiaSmi'
import type { GpuProcess, GpuReading } from './nvidiaSmi'

/** So many programs are named. */
const MOST_NAMED = 3

/** What is to be known of a GPU's memory before something is placed on it. */
export interface MemoryUse {
  /** Bytes that are free, or taken by this process's own workers. */
  freeBytes: number
  /** How much is free, and who has the rest. */
  words: string
}

/** By the device's number; empty where nobody says. */
export type MemoryByDevice = ReadonlyMap<number, MemoryUse>

/**
 * Asks the driver; pretended devices have no memory of their own.
 *
 * @throws WorkbenchError `backend/unavailable` where it does not say
 */
export async function readMemory(): Promise<MemoryByDevice> {
  if (pretendedDevices().length > 0) return new Map()
  const [gpus, processes] = await Promise.all([
    readGpus(),
    // Without them it is known still how much is free.
    readGpuProcesses().catch(() => [])
  ])
  const foreign = await Promise.all(processes.map(async (one) => !(await isOwn(one.pid))))
  const others = processes.filter((_, at) => foreign[at])
  const own = processes.filter((_, at) => !foreign[at])
  return new Map(gpus.flatMap((gpu) => useOf(gpu, own, others)))
}

function useOf(
  { index, uuid, usedBytes, totalBytes }: GpuReading,
  own: readonly GpuProcess[],
  others: readonly GpuProcess[]
): [number, MemoryUse][] {
  if (usedBytes === null || totalBytes === null) return []
  const ours = own.filter((one) => one.uuid === uuid)
  const held = ours.reduce((sum, one) => sum + (one.usedBytes ?? 0), 0)
  const freeBytes = Math.min(totalBytes, totalBytes - usedBytes + held)
  const free = `${formatBytes(freeBytes)} of its ${formatBytes(totalBytes)} were free for this program`
  const named = others
    .filter((one) => one.uuid === uuid)
    .sort((a, b) => (b.usedBytes ?? 0) - (a.usedBytes ?? 0))
    .slice(0, MOST_NAMED)
    .map(({ pid, name, usedBytes: used }) => {
      const has = used === null ? 'some' : formatBytes(used)
      return `process ${pid} (${basename(name)}) has ${has}`
    })
  const words = [free, ...named].join('; ')
  return [[index, { freeBytes, words }]]
}

/** True of a worker that this process began; in a container the driver's numbers are the machine's. */
async function isOwn(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The name of the program, in parentheses, may hold anything; the parent comes second after it.
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]) === process.pid
}
