/** NVIDIA's GPUs as their driver lists them; TensorFlow.js says no more than that there is one. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { WorkbenchError, toPlain } from '#shared/errors'

/** Where nothing keeps the driver awake, it takes seconds for each GPU that it wakes. */
const PATIENCE_MS = 45_000

/** One GPU as nvidia-smi lists it. */
export interface GpuReport {
  name: string
  memoryBytes: number | null
  driver: string
}

/** Lists GPUs, or says in words why there are none. */
export async function askNvidiaSmi(): Promise<{ gpus: GpuReport[]; reason: string | null }> {
  try {
    const gpus = parseGpus(await query('--query-gpu=name,memory.total,driver_version'))
    return { gpus, reason: gpus.length > 0 ? null : 'nvidia-smi lists none' }
  } catch (error) {
    return { gpus: [], reason: failureWords(error) }
  }
}

/** Why nvidia-smi said nothing. */
function failureWords(error: unknown): string {
  const { code, killed, stdout } = error as NodeJS.ErrnoException & {
    killed?: boolean
    stdout?: string
  }
  if (code === 'ENOENT') return 'there is no nvidia-smi, which comes with the NVIDIA driver'
  if (killed) return `nvidia-smi did not answer within ${PATIENCE_MS / 1000} s`
  // What went wrong it says where its answer would be.
  const said = [stdout ?? '', toPlain(error).message].join(' ').trim()
  return `nvidia-smi failed: ${said.replaceAll(/\s+/g, ' ')}`
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

/**
 * GPUs and how busy they are.
 *
 * @throws WorkbenchError `backend/unavailable` with why nvidia-smi does not say
 */
export async function readGpus(): Promise<GpuReading[]> {
  return parseGpuReadings(await asked(`--query-gpu=${READING}`))
}

/** A process that has memory of a GPU. */
export interface GpuProcess {
  /** The GPU's. */
  uuid: string
  pid: number
  /** Path of its program, as far as the driver may say. */
  name: string
  usedBytes: number | null
}

/**
 * Processes that compute on GPUs, anybody's; in a container the driver may list none, or by other numbers.
 *
 * @throws WorkbenchError `backend/unavailable` with why nvidia-smi does not say
 */
export async function readGpuProcesses(): Promise<GpuProcess[]> {
  return parseGpuProcesses(
    await asked('--query-compute-apps=gpu_uuid,pid,used_memory,process_name')
  )
}

/**
 * Reads one process a line: `GPU's uuid, process id, MiB, program`, whose name may hold commas.
 *
 * @param text as printed with `--format=csv,noheader,nounits`; a memory of `[N/A]` becomes null
 */
export function parseGpuProcesses(text: string): GpuProcess[] {
  return rowsOf(text).flatMap(([uuid = '', pid = '', used = '', ...name]) =>
    /^\d+$/.test(pid)
      ? [{ uuid, pid: Number(pid), name: name.join(', '), usedBytes: bytesOf(used) }]
      : []
  )
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

async function asked(question: string): Promise<string> {
  try {
    return await query(question)
  } catch (error) {
    const reason = failureWords(error)
    const message = `The GPUs of this machine are not listed: ${reason}.`
    throw new WorkbenchError('backend/unavailable', message, { reason }, { cause: error })
  }
}

async function query(question: string): Promise<string> {
  const words = [question, '--format=csv,noheader,nounits']
  return (await promisify(execFile)('nvidia-smi', words, { timeout: PATIENCE_MS })).stdout
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
