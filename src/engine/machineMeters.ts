/** How busy the machine is: cheap enough to be asked every other second. */
import { cpus, totalmem } from 'node:os'
import type { Machine, MachineDevice } from '#shared/machine'
import { freeBytes } from './storage/files'
import { bytesUnder } from './storage/folderSize'

/** A project's size is counted anew after so long at least, in ms; later where counting is dear. */
const SIZE_MS = 5000
const SIZE_SHARE = 0.01
/** GPUs are asked so often, in ms. */
const GPU_MS = 2000
/** A machine without nvidia-smi does not get one every other second. */
const NO_GPU_MS = 60_000
/** Shorter spans say nothing about the load of a processor. */
const LOAD_MS = 500

/** Reads meters; what takes long is read beside, and its last reading given. */
export class MachineMeters {
  readonly #folder: string
  readonly #threadsUsed: number
  #ticks = processorTicks()
  #load: number | null = null
  readonly #size: Beside<number>
  readonly #devices: Beside<MachineDevice[]>

  /**
   * @param folder of the project, whose disk is looked at
   * @param threadsUsed threads that training may use
   * @param readDevices how busy GPUs are
   */
  constructor(folder: string, threadsUsed: number, readDevices: () => Promise<MachineDevice[]>) {
    this.#folder = folder
    this.#threadsUsed = threadsUsed
    this.#size = new Beside(
      () => bytesUnder(folder),
      (_, took) => Math.max(SIZE_MS, took / SIZE_SHARE)
    )
    this.#devices = new Beside(readDevices, (found) => (found.length > 0 ? GPU_MS : NO_GPU_MS))
  }

  async read(): Promise<Machine> {
    const threads = cpus().length
    const free = await freeBytes(this.#folder)
    // In a container less may be allowed than the machine has.
    const totalBytes = Math.min(totalmem(), process.constrainedMemory() || Infinity)
    const usedBytes = Math.max(0, totalBytes - process.availableMemory())
    return {
      cpu: { load: this.#cpuLoad(), threads, threadsUsed: this.#threadsUsed },
      memory: { usedBytes, totalBytes },
      disk: { freeBytes: free, projectBytes: this.#size.latest() },
      devices: this.#devices.latest() ?? []
    }
  }

  #cpuLoad(): number | null {
    const now = processorTicks()
    const all = now.all - this.#ticks.all
    if (now.at - this.#ticks.at < LOAD_MS || all <= 0) return this.#load
    this.#load = Math.min(1, Math.max(0, 1 - (now.idle - this.#ticks.idle) / all))
    this.#ticks = now
    return this.#load
  }
}

/** A value that is read beside the one who asks: the latest is given at once. */
class Beside<Value> {
  readonly #read: () => Promise<Value>
  /** How long a value is given, by the value and by how long reading it took, in ms. */
  readonly #freshMs: (value: Value, took: number) => number
  #value: Value | null = null
  #readAgainAt = 0

  constructor(read: () => Promise<Value>, freshMs: (value: Value, took: number) => number) {
    this.#read = read
    this.#freshMs = freshMs
  }

  /** Null while it is read for the first time. */
  latest(): Value | null {
    if (performance.now() >= this.#readAgainAt) {
      this.#readAgainAt = Infinity
      const beganAt = performance.now()
      this.#read()
        .then((value) => {
          this.#value = value
          this.#readAgainAt = performance.now() + this.#freshMs(value, performance.now() - beganAt)
        })
        // A file that went while it was counted; asked again the next time.
        .catch(() => (this.#readAgainAt = 0))
    }
    return this.#value
  }
}

function processorTicks(): { at: number; idle: number; all: number } {
  const times = cpus().map((one) => one.times)
  const idle = times.reduce((sum, one) => sum + one.idle, 0)
  const all = times.reduce(
    (sum, one) => sum + one.user + one.nice + one.sys + one.idle + one.irq,
    0
  )
  return { at: performance.now(), idle, all }
}
