/** NVIDIA's GPUs as their driver lists them; TensorFlow.js says no more than that there is one. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { toPlain } from '#shared/errors'

/** One GPU as nvidia-smi lists it. */
export interface GpuReport {
  name: string
  memoryBytes: number | null
  driver: string
}

/** Lists GPUs, or says in words why there are none. */
export async function askNvidiaSmi(): Promise<{ gpus: GpuReport[]; reason: string | null }> {
  try {
    const gpus = parseGpus(await query('name,memory.total,driver_version', 30_000))
    return { gpus, reason: gpus.length > 0 ? null : 'nvidia-smi lists none' }
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const reason = isMissing
      ? 'there is no nvidia-smi, which comes with the NVIDIA driver'
      : `nvidia-smi failed: ${toPlain(error).message.trim()}`
    return { gpus: [], reason }
  }
}

/**
 * Reads nvidia-smi's list: one GPU a line, `name, memory in MiB, driver version`.
 *
 * @param text as printed with `--format=csv,noheader,nounits`; a memory of `[N/A]` becomes null
 */
export function parseGpus(text: string): GpuReport[] {
  return rowsOf(text).map(([name = '', memory = '', driver = '']) => ({
    name,
    memoryBytes: bytesOf(memory),
    driver
  }))
}

/**
 * The GPU that a process uses first.
 *
 * @param environment of the process: `CUDA_VISIBLE_DEVICES` holds numbers, in the order of the list
 *   only where `CUDA_DEVICE_ORDER` says so; else the fastest comes first
 * @returns null where the list does not tell
 */
export function firstVisible(
  gpus: readonly GpuReport[],
  environment: Readonly<Record<string, string | undefined>>
): GpuReport | null {
  const isListOrder = environment['CUDA_DEVICE_ORDER'] === 'PCI_BUS_ID'
  const areAlike = gpus.every((gpu) => gpu.name === gpus[0]?.name)
  if (!isListOrder && !areAlike) return null
  const [first = '0'] = (environment['CUDA_VISIBLE_DEVICES'] ?? '0').split(',')
  return /^\d+$/.test(first.trim()) ? (gpus[Number(first)] ?? null) : null
}

/** One GPU, and how busy it is. */
export interface GpuReading {
  /** As the driver counts it, by the place on the bus. */
  index: number
  uuid: string
  name: string
  /** Share of the last second or less in which it computed, 0 to 1. */
  load: number | null
  usedBytes: number | null
  totalBytes: number | null
  /** Degrees Celsius. */
  temperature: number | null
}

const READING = 'index,uuid,name,utilization.gpu,memory.used,memory.total,temperature.gpu'

/** GPUs and how busy they are; none where nvidia-smi does not say. */
export async function readGpus(): Promise<GpuReading[]> {
  try {
    return parseGpuReadings(await query(READING, 10_000))
  } catch {
    // Why there is none is told by `askNvidiaSmi`; a meter only has nothing to show.
    return []
  }
}

/**
 * Reads one GPU a line: `index, uuid, name, percent, MiB, MiB, °C`.
 *
 * @param text as printed with `--format=csv,noheader,nounits`; `[N/A]` becomes null
 */
export function parseGpuReadings(text: string): GpuReading[] {
  return rowsOf(text).map(
    ([index = '', uuid = '', name = '', load = '', used = '', total = '', temperature = '']) => {
      const percent = numberOf(load)
      return {
        index: Number(index),
        uuid,
        name,
        load: percent === null ? null : percent / 100,
        usedBytes: bytesOf(used),
        totalBytes: bytesOf(total),
        temperature: numberOf(temperature)
      }
    }
  )
}

async function query(fields: string, timeout: number): Promise<string> {
  const words = [`--query-gpu=${fields}`, '--format=csv,noheader,nounits']
  return (await promisify(execFile)('nvidia-smi', words, { timeout })).stdout
}

function rowsOf(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.split(',').map((cell) => cell.trim()))
}

function numberOf(cell: string): number | null {
  return cell !== '' && Number.isFinite(Number(cell)) ? Number(cell) : null
}

/** Memory is told in MiB. */
function bytesOf(cell: string): number | null {
  const mebibytes = numberOf(cell)
  return mebibytes === null ? null : mebibytes * 2 ** 20
}
