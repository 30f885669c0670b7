/** Devices of this machine that runs are placed on, and what a process is born with to have one. */
import { WorkbenchError } from '#shared/errors'
import { readGpus } from './nvidiaSmi'
import type { GpuReading } from './nvidiaSmi'
import { threadEnvironment } from './environment'

type Environment = Readonly<Record<string, string | undefined>>

/** A GPU, or a process with one thread that is taken for one. */
export interface LocalDevice {
  /** As the driver counts it. */
  index: number
  /** Product name. */
  name: string
  isPretended: boolean
  memoryBytes: number | null
}

/** How many devices are pretended; for trying out what one machine does not have. */
const PRETENDED = 'ASSAY_PRETENDED_DEVICES'
const MOST_PRETENDED = 64

/** Name of the device that a worker was given, and whether it must find a GPU. */
const NAME = 'ASSAY_DEVICE'
const IS_GPU = 'ASSAY_DEVICE_IS_GPU'

/**
 * The devices that runs may be placed on: pretended ones where they are asked for, else the GPUs that the
 * environment lets this process see.
 *
 * @throws WorkbenchError `usage/invalid` for a number of pretended devices that is none; `backend/unavailable` where
 *   the driver does not list its GPUs, or there is none
 */
export async function listDevices(environment: Environment = process.env): Promise<LocalDevice[]> {
  const pretended = pretendedDevices(environment)
  if (pretended.length > 0) return pretended
  return visibleGpus(await readGpus(), environment).map(({ index, name, totalBytes }) => ({
    index,
    name,
    isPretended: false,
    memoryBytes: totalBytes
  }))
}

/** @throws WorkbenchError `usage/invalid` */
export function pretendedDevices(environment: Environment = process.env): LocalDevice[] {
  const text = environment[PRETENDED]
  if (text === undefined || text === '') return []
  const count = Number(text)
  if (!Number.isInteger(count) || count < 0 || count > MOST_PRETENDED) {
    throw new WorkbenchError(
      'usage/invalid',
      `The environment's ${PRETENDED} wants a whole number from 0 to ${MOST_PRETENDED}, found "${text}".`,
      { found: text }
    )
  }
  return Array.from({ length: count }, (_, index) => ({
    index,
    name: `pretended ${index}`,
    isPretended: true,
    memoryBytes: null
  }))
}

/**
 * GPUs that the environment lets a process see, in its order.
 *
 * Numbers of `CUDA_VISIBLE_DEVICES` are taken for nvidia-smi's, as they are where `CUDA_DEVICE_ORDER` is
 * `PCI_BUS_ID` or all GPUs are alike. What is not known ends the list, as it does for CUDA.
 *
 * @see https://docs.nvidia.com/cuda/cuda-c-programming-guide/index.html#env-vars
 */
export function visibleGpus(gpus: readonly GpuReading[], environment: Environment): GpuReading[] {
  const words = environment['CUDA_VISIBLE_DEVICES']
  if (words === undefined) return [...gpus]
  const visible: GpuReading[] = []
  for (const word of words.split(',').map((one) => one.trim())) {
    const found = gpus.find(({ index, uuid }) =>
      /^\d+$/.test(word) ? index === Number(word) : word !== '' && uuid.startsWith(word)
    )
    if (!found || visible.includes(found)) break
    visible.push(found)
  }
  return visible
}

/** How runs tell of a device: by product and number, since there may be several of a product. */
export function nameOfDevice({ index, name, isPretended }: LocalDevice): string {
  return isPretended ? name : `${name} (GPU ${index})`
}

/**
 * Says which variables a worker's process needs to compute on one device and to tell of it.
 *
 * @param threads of the processor that it may use beside a GPU; a pretended device has one
 */
export function deviceEnvironment(
  device: LocalDevice,
  threads: number,
  matmulPrecision: 'float32' | 'tf32'
): Record<string, string> {
  const named = { [NAME]: nameOfDevice(device), [IS_GPU]: device.isPretended ? '' : '1' }
  if (device.isPretended) return { ...threadEnvironment(1, matmulPrecision), ...named }
  return {
    ...threadEnvironment(threads, matmulPrecision),
    ...named,
    // Numbers are nvidia-smi's only in this order.
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    CUDA_VISIBLE_DEVICES: String(device.index)
  }
}

/** The device that this process was given by {@link deviceEnvironment}; null where it was given none. */
export function givenDevice(
  environment: Environment = process.env
): { name: string; isGpu: boolean } | null {
  const name = environment[NAME]
  return name ? { name, isGpu: environment[IS_GPU] === '1' } : null
}
