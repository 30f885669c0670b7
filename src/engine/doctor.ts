/** What this machine is and which backends run on it; trains and changes nothing. */
import { cpu, fsSize, mem } from 'systeminformation'
import { toPlain } from '#shared/errors'
import type { MachineDevice } from '#shared/machine'
import { askNvidiaSmi } from './backends/nvidiaSmi'
import type { GpuReport } from './backends/nvidiaSmi'
import { freeBytes } from './storage/files'
import type { BackendReport } from './workers/jobs'

/** Everything `assay doctor` says. */
export interface MachineReport {
  node: string
  system: string
  processor: { model: string; threads: number }
  memory: { totalBytes: number; availableBytes: number }
  /** The disk under the folder asked about. */
  disk: { folder: string; freeBytes: number; totalBytes: number | null }
  gpus: GpuReport[]
  /** Why none is listed; null when one is. */
  noGpuReason: string | null
  /** What runs may be placed on, and how busy it is. */
  devices: MachineDevice[]
  backends: BackendReport[]
  /** Why no backend could even be asked; null when they were. */
  probeFailure: string | null
  /** True when at least one backend is usable. */
  canTrain: boolean
  /** Packages by name, TensorFlow's own version among them. */
  versions: Record<string, string>
}

/** What the report is made from. */
export interface MachineQuestions {
  /** Where projects would lie; its disk is described. */
  folder: string
  /** Versions of packages, by name. */
  versions: Record<string, string>
  /**
   * Asks each backend whether it runs, and how fast. Done by a worker: TensorFlow may not be
   * loaded on the thread that asks.
   */
  probeBackends: () => Promise<BackendReport[]>
  /** How busy devices are, as the engine reads them. */
  readDevices: () => Promise<MachineDevice[]>
  /** Lists GPUs; by default what nvidia-smi says. */
  listGpus?: () => Promise<{ gpus: GpuReport[]; reason: string | null }>
}

/**
 * Describes the machine.
 *
 * Never throws for what is missing or broken: that is what it is asked to tell, so it becomes a
 * reason in words. Sizes are in bytes, rates in GFLOP/s of float32 matrix products.
 */
export async function examineMachine(questions: MachineQuestions): Promise<MachineReport> {
  const [processor, memory, disks, free, graphics, devices, probed] = await Promise.all([
    cpu(),
    mem(),
    fsSize(),
    freeBytes(questions.folder),
    (questions.listGpus ?? askNvidiaSmi)(),
    questions.readDevices(),
    probe(questions.probeBackends)
  ])
  const disk = disks
    .filter(({ mount }) => isInside(questions.folder, mount))
    .sort((left, right) => right.mount.length - left.mount.length)[0]
  const tensorflow = probed.backends.find((backend) => backend.version !== null)?.version
  return {
    node: process.versions.node,
    system: `${process.platform} ${process.arch}`,
    processor: {
      model: `${processor.manufacturer} ${processor.brand}`.trim(),
      threads: processor.cores
    },
    memory: { totalBytes: memory.total, availableBytes: memory.available },
    disk: { folder: questions.folder, freeBytes: free, totalBytes: disk?.size ?? null },
    gpus: graphics.gpus,
    noGpuReason: graphics.reason,
    devices,
    backends: probed.backends,
    probeFailure: probed.failure,
    canTrain: probed.backends.some((backend) => backend.usable),
    versions: { ...(tensorflow ? { TensorFlow: tensorflow } : {}), ...questions.versions }
  }
}

function isInside(folder: string, mount: string): boolean {
  return folder === mount || folder.startsWith(mount.endsWith('/') ? mount : `${mount}/`)
}

async function probe(
  probeBackends: () => Promise<BackendReport[]>
): Promise<{ backends: BackendReport[]; failure: string | null }> {
  try {
    return { backends: await probeBackends(), failure: null }
  } catch (error) {
    return { backends: [], failure: toPlain(error).message }
  }
}
