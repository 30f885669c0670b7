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
    const { stdout } = await promisify(execFile)(
      'nvidia-smi',
      ['--query-gpu=name,memory.total,driver_version', '--format=csv,noheader,nounits'],
      { timeout: 30_000 }
    )
    const gpus = parseGpus(stdout)
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
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [name = '', memory = '', driver = ''] = line.split(',').map((cell) => cell.trim())
      const mebibytes = Number(memory)
      return {
        name,
        memoryBytes: memory !== '' && Number.isFinite(mebibytes) ? mebibytes * 2 ** 20 : null,
        driver
      }
    })
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

/** How busy one GPU is. */
export interface GpuLoad {
  name: string
  /** Share of the last second or less in which it computed, 0 to 1. */
  load: number | null
  usedBytes: number | null
  totalBytes: number | null
}

/** How busy GPUs are; none where nvidia-smi does not say. */
export async function readGpuLoads(): Promise<GpuLoad[]> {
  try {
    const { stdout } = await promisify(execFile)(
      'nvidia-smi',
      [
        '--query-gpu=name,utilization.gpu,memory.used,memory.total',
        '--format=csv,noheader,nounits'
      ],
      { timeout: 10_000 }
    )
    return parseGpuLoads(stdout)
  } catch {
    // Why there is none is told by `askNvidiaSmi`; a meter only has nothing to show.
    return []
  }
}

/**
 * Reads one GPU a line: `name, percent, MiB, MiB`.
 *
 * @param text as printed with `--format=csv,noheader,nounits`; `[N/A]` becomes null
 */
export function parseGpuLoads(text: string): GpuLoad[] {
  const number = (cell: string) =>
    cell !== '' && Number.isFinite(Number(cell)) ? Number(cell) : null
  const bytes = (cell: string) => {
    const mebibytes = number(cell)
    return mebibytes === null ? null : mebibytes * 2 ** 20
  }
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [name = '', load = '', used = '', total = ''] = line
        .split(',')
        .map((cell) => cell.trim())
      const percent = number(load)
      return {
        name,
        load: percent === null ? null : percent / 100,
        usedBytes: bytes(used),
        totalBytes: bytes(total)
      }
    })
}
